// Owns: reading the Retry-After header. How much of it is obeyed is decided in delivery/judge-attempt.ts.

/** Whole seconds to wait, never negative; undefined when the header is absent or is neither seconds nor a date. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
  // A date of HTTP begins with the day's name; Date.parse alone would also take `1.5` or `-3` for one.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1_000))
}
