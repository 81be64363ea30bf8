// Owns: the counts of a subscription's attempts in the last hour, by minute, and of their durations, in buckets: eight
// per doubling.

/** Minutes per key. */
const SLOT_MINUTES = 10
const MINUTE_MS = 60_000
const HOUR_MINUTES = 60
/** An hour and the length of its first slot, rounded up. */
export const COUNTS_LIFE_SECONDS = 4_500
/** Buckets per doubling of a duration: a duration is less than 5 % off the middle of its bucket. */
const BUCKETS_PER_DOUBLING = 8
const MAX_BUCKET = 160

export function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS)
}

export function countsSlot(nowMs: number): number {
  return Math.floor(minuteOf(nowMs) / SLOT_MINUTES)
}

/** The slots that may have counts of the last hour. */
export function countsSlots(nowMs: number): number[] {
  const last = countsSlot(nowMs)
  return Array.from({ length: HOUR_MINUTES / SLOT_MINUTES + 1 }, (_, index) => last - index)
}

export function durationBucket(durationMs: number): number {
  return Math.min(Math.round(BUCKETS_PER_DOUBLING * Math.log2(Math.max(durationMs, 0) + 1)), MAX_BUCKET)
}

export type HourCounts = { delivered1h: number; failed1h: number; p50Ms: number | null; p95Ms: number | null }

/** Sums the hashes of these slots. Durations are those of the last 60 to 70 minutes. */
export function sumCounts(hashes: ReadonlyArray<Record<string, string>>, nowMs: number): HourCounts {
  const oldest = minuteOf(nowMs) - HOUR_MINUTES
  let delivered1h = 0
  let failed1h = 0
  const buckets = new Map<number, number>()
  for (const [field, text] of hashes.flatMap((hash) => Object.entries(hash))) {
    const [kind, number] = [field.slice(0, 1), Number(field.slice(2))]
    if (kind === 'b') buckets.set(number, (buckets.get(number) ?? 0) + Number(text))
    else if (number > oldest && kind === 'd') delivered1h += Number(text)
    else if (number > oldest && kind === 'f') failed1h += Number(text)
  }
  return { delivered1h, failed1h, p50Ms: quantile(buckets, 0.5), p95Ms: quantile(buckets, 0.95) }
}

function quantile(buckets: ReadonlyMap<number, number>, share: number): number | null {
  const total = [...buckets.values()].reduce((sum, count) => sum + count, 0)
  let seen = 0
  for (const [bucket, count] of [...buckets].toSorted(([left], [right]) => left - right)) {
    seen += count
    if (seen >= share * total) return Math.round(2 ** (bucket / BUCKETS_PER_DOUBLING) - 1)
  }
  return null
}
