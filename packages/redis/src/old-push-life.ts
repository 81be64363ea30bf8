// Owns: how long a push is remembered that came after its de-duplication time.

/** EVENT_LOG_SECONDS, even on a platform without an event log. */
export function oldPushLifeMs({
  dedupeSeconds,
  eventLogSeconds,
}: {
  dedupeSeconds: number
  eventLogSeconds: number
}): number {
  return Math.max(eventLogSeconds, dedupeSeconds) * 1000
}
