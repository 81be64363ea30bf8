// Owns: cutting a list into groups of bounded weight, in order.

type GroupBounds = { weight: number; items?: number }

/** An item that weighs more than the bound is a group by itself. An item is weighed when its turn comes, not before. */
export function* cutByWeight<T>(items: readonly T[], weightOf: (item: T) => number, most: GroupBounds): Generator<T[]> {
  const { weight: maxWeight, items: maxItems = Infinity } = most
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
