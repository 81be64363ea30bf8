// Owns: the type patterns of one subscription, brought into a form in which at most one of them can match a type.

/** Types in lower case: whole ones, and the starts that stand before a `*`. */
export type TypePatterns = {
  exact: ReadonlySet<string>
  /** Sorted; none of them begins with another, so that no type begins with two. */
  prefixes: readonly string[]
}

/** Types match without case, `*` at the end stands for anything. What a prefix covers is left out. */
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

/** `type` in lower case. Costs a look into the set and a binary search, however many patterns there are. */
export function matchesType({ exact, prefixes }: TypePatterns, type: string): boolean {
  return exact.has(type) || startsWithOneOf(prefixes, type)
}

/** Sorted, each prefix stands right before all that begins with it. */
function withoutCovered(prefixes: string[]): string[] {
  const kept: string[] = []
  for (const prefix of prefixes.toSorted(byCodeUnits)) {
    const before = kept.at(-1)
    if (before === undefined || !prefix.startsWith(before)) kept.push(prefix)
  }
  return kept
}

/** Of prefixes that do not begin with each other only the last one that is not after the text can be its start. */
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
