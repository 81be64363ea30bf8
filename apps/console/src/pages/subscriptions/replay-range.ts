// Owns: the time ranges that the replay form offers, in the reader's zone, and the validation of a range.

export type Range = { from: string; to: string }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The gateway's own bound. */
const MAX_DAYS = 31

export function lastHours(hours: number): Range {
  const now = Date.now()
  return { from: minuteOf(now - hours * HOUR_MS), to: new Date(Math.ceil(now / 60_000) * 60_000).toISOString() }
}

export function yesterday(): Range {
  const today = new Date()
  today.setHours(0, 0, 0, 0)
  const before = new Date(today)
  before.setDate(before.getDate() - 1)
  return { from: before.toISOString(), to: today.toISOString() }
}

/** undefined: valid. */
export function rangeErrorOf({ from, to }: Range): 'missing' | 'order' | 'long' | undefined {
  if (from === '' || to === '') return 'missing'
  const ms = Date.parse(to) - Date.parse(from)
  if (ms < 0) return 'order'
  return ms > MAX_DAYS * DAY_MS ? 'long' : undefined
}

function minuteOf(ms: number): string {
  return new Date(Math.floor(ms / 60_000) * 60_000).toISOString()
}
