// Owns: one member of each item of a list, to compare it with the wanted ones.

export function pluck<Item, Key extends keyof Item>(items: readonly Item[] | undefined, key: Key): Item[Key][] {
  return (items ?? []).map((item) => item[key])
}
