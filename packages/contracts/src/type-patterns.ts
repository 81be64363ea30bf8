// Owns: the type patterns of one subscription, compiled so that at most one of them matches a type.

/** In lower case: whole types, and the prefixes before a `*`. */
export type TypePatterns = {
  exact: ReadonlySet<string>
  /** Sorted. None begins with another: a type begins with at most one. */
  prefixes: readonly string[]
}

/** Types match case-insensitively; `*` at the end matches any rest. Drops patterns that a prefix covers. */
export function compileTypePatterns(patterns: readonly string[]): TypePatterns {
  const exact = new Set<string>()
  const prefixes: string[] = []
  for (const pattern of patterns) {
    const lower = pattern.toLowerCase()
    if (lower.endsWith('*')) prefixes.push(lower.slice(0, -1))
    else exact.add(lower)
  }
  const shortest = withoutCovered(prefixes)
  for (const type of exact) if (startsWithOneOf(shortest, type)) exact.delete(type)
  return { exact, prefixes: shortest }
}

/** `type` in lower case. Costs a set lookup and a binary search. */
export function matchesType({ exact, prefixes }: TypePatterns, type: string): boolean {
  return exact.has(type) || startsWithOneOf(prefixes, type)
}

/** Once sorted, a prefix is directly followed by all that begin with it. */
function withoutCovered(prefixes: string[]): string[] {
  const kept: string[] = []
  for (const prefix of prefixes.toSorted(byCodeUnits)) {
    const before = kept.at(-1)
    if (before === undefined || !prefix.startsWith(before)) kept.push(prefix)
  }
  return kept
}

/** A binary search: as no prefix begins with another, only the last one that sorts before the text can match. */
function startsWithOneOf(prefixes: readonly string[], text: string): boolean {
  let from = 0
  let to = prefixes.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((prefixes[middle] ?? '') <= text) from = middle + 1
    else to = middle
  }
  const candidate = prefixes[from - 1]
  return candidate !== undefined && text.startsWith(candidate)
}

function byCodeUnits(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
