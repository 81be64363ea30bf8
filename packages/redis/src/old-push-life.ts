// Owns: how long a push is remembered that came when its de-duplication was over already.

/** As long as the event log would know it, also on a platform that keeps none. */
export function oldPushLifeMs({
  dedupeSeconds,
  eventLogSeconds,
}: {
  dedupeSeconds: number
  eventLogSeconds: number
}): number {
  return Math.max(eventLogSeconds, dedupeSeconds) * 1000
}
