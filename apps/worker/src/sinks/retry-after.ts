// Owns: parsing the Retry-After header. delivery/attempt/judge-attempt.ts decides how much of it is obeyed.

/** Whole seconds to wait, never negative; undefined when the header is absent or is neither seconds nor a date. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim()
  if (!text) return undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
  // An HTTP date begins with the name of the day. Date.parse alone would also accept `1.5` or `-3`.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1_000))
}
