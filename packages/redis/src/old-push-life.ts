// Owns: how long the id of a push is kept that arrived after DEDUPE_SECONDS.

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
