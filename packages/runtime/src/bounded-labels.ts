// Owns: bounding the series of a metric: the first values of a label get their own series, all others share one.

type BoundedLabels = {
  /** The value itself, or OTHER_LABEL. */
  of(value: string): string
  /** Removes all values but these, and returns the removed ones. */
  keep(values: ReadonlySet<string>): string[]
}

/** Subscriptions per platform with series of their own. */
export const MAX_SUBSCRIPTION_LABELS = 500
/** No subscription has this name. */
export const OTHER_LABEL = '_other'

export function createBoundedLabels(most: number): BoundedLabels {
  const own = new Set<string>()
  return {
    of(value) {
      if (own.has(value)) return value
      if (own.size >= most) return OTHER_LABEL
      own.add(value)
      return value
    },
    keep(values) {
      const gone = [...own].filter((value) => !values.has(value))
      for (const value of gone) own.delete(value)
      return gone
    },
  }
}
