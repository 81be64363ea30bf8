// Owns: the counts of one process that are not flushed yet: counts per minute, and the last refused push of each code.

/** `pushes`: authentic ones, `duplicates` included. `failed`: attempts. `refreshed`: access tokens of authorizers. */
const STATISTICS = ['pushes', 'duplicates', 'delivered', 'failed', 'dead', 'refreshed', 'refreshFailed'] as const
export type Statistic = (typeof STATISTICS)[number]

export const MINUTES_PER_HOUR = 60
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** Counts that could not be flushed for longer than this are dropped. */
const MAX_MINUTES = 24 * MINUTES_PER_HOUR

export function isStatistic(counter: string): counter is Statistic {
  return STATISTICS.some((one) => one === counter)
}

type LastRefused = { atMs: number; address: string }

/** `minutes`: by minutes since 1970, then by what is counted. */
export type Counts = { minutes: Map<number, Map<string, number>>; refused: Map<string, LastRefused> }

/** The name under which pushes that were refused with this code are counted. */
const refusedCounter = (code: string) => `refused.${code}`

export function codeOfRefused(counter: string): string | undefined {
  return counter.startsWith('refused.') ? counter.slice('refused.'.length) : undefined
}

type MinuteCounts = {
  add(counter: string, by: number, nowMs: number): void
  refused(code: string, address: string, nowMs: number): void
  /** The counts since the previous call; undefined when there are none. */
  take(): Counts | undefined
  /** All counts since the start of the process. */
  totals: ReadonlyMap<string, number>
}

export function createMinuteCounts(): MinuteCounts {
  let counts: Counts = emptyCounts()
  const totals = new Map<string, number>()
  let latest: { minute: number; sums: Map<string, number> } | undefined

  function sumsOf(minute: number): Map<string, number> {
    if (latest?.minute === minute) return latest.sums
    const sums = counts.minutes.get(minute) ?? new Map<string, number>()
    counts.minutes.set(minute, sums)
    const [oldest] = counts.minutes.keys()
    if (counts.minutes.size > MAX_MINUTES && oldest !== undefined) counts.minutes.delete(oldest)
    latest = { minute, sums }
    return sums
  }

  function add(counter: string, by: number, nowMs: number): void {
    const sums = sumsOf(Math.floor(nowMs / MINUTE_MS))
    sums.set(counter, (sums.get(counter) ?? 0) + by)
    totals.set(counter, (totals.get(counter) ?? 0) + by)
  }

  return {
    totals,
    add,
    refused(code, address, nowMs) {
      add(refusedCounter(code), 1, nowMs)
      counts.refused.set(code, { atMs: nowMs, address })
    },
    take() {
      if (counts.minutes.size === 0) return undefined
      const taken = counts
      counts = emptyCounts()
      latest = undefined
      return taken
    },
  }
}

function emptyCounts(): Counts {
  return { minutes: new Map(), refused: new Map() }
}
