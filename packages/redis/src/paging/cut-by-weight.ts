// Owns: cutting a list into groups of bounded weight, in order.

type GroupBounds = { weight: number; items?: number }

/** An item that exceeds the bound alone is a group of its own. `weightOf` is called when the item is reached. */
export function* cutByWeight<T>(
  items: readonly T[],
  weightOf: (item: T) => number,
  { weight: maxWeight, items: maxItems = Infinity }: GroupBounds,
): Generator<T[]> {
  let group: T[] = []
  let weight = 0
  for (const item of items) {
    if (group.length > 0 && (group.length === maxItems || weight + weightOf(item) > maxWeight)) {
      yield group
      group = []
      weight = 0
    }
    group.push(item)
    weight += weightOf(item)
  }
  if (group.length > 0) yield group
}
