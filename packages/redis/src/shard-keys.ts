// Owns: the keys of one shard of a platform. The rules of all names stand in keys.ts.

export type ShardKeys = ReturnType<typeof shardKeys>

/**
 * What is spread over MESSAGE_SHARDS: the event log, claims and passive replies. Shard 0 has the platform's own hash
 * tag, as everything had before there were others.
 */
export function shardKeys(platform: string, index: number) {
  const base = index === 0 ? `wx:{${platform}}` : `wx:{${platform}.${index}}`
  return {
    /**
     * hash event, receivedAtMs, d:<subscription> -> state as JSON, j:<subscription> -> id of the job that delivers,
     * where it is not the event's; EX EVENT_LOG_SECONDS.
     */
    event: (eventId: string) => `${base}:event:${eventId}`,
    /**
     * hash subscription -> its attempts at one event as JSON, newest first, at most 20, each with a line break behind
     * it; life of the event. Without those that stand in the state. Written by worker, read by ingress.
     */
    attempts: (eventId: string) => `${base}:attempts:${eventId}`,
    /** sorted set of event ids by receivedAtMs; trimmed by age and by size on write; EX EVENT_LOG_SECONDS. */
    events: `${base}:events`,
    /** the same, for one authorizer. */
    eventsOfAuthorizer: (appId: string) => `${base}:events:${appId}`,
    /**
     * sorted set of event ids, each behind 6 characters that stand for account and user, by receivedAtMs: those of the
     * users whose hash leads here; trimmed as `events`; EX EVENT_LOG_SECONDS.
     */
    eventsOfUsers: (bucket: string) => `${base}:events_of_users:${bucket}`,
    /** string, the millisecond from which `eventsOfUsers` has all that the log has; EX EVENT_LOG_SECONDS. */
    usersKnownFrom: `${base}:users_known_from`,
    /**
     * stream of event ids in the order in which they were recorded; an entry's id is the millisecond of Redis and a
     * number that counts up by one; trimmed as `events`; EX EVENT_LOG_SECONDS.
     */
    feed: `${base}:feed`,
    /** string, the id of the last entry of `feed`; EX EVENT_LOG_SECONDS. */
    feedEnd: `${base}:feed_end`,

    /**
     * sorted set `<event id> <subscription>` by the millisecond since which the delivery is not over; trimmed as
     * `events`; EX EVENT_LOG_SECONDS.
     */
    unsettled: `${base}:unsettled`,
    /**
     * sorted set of event ids by receivedAtMs: what of the log one subscription has not been delivered; trimmed as
     * `events`; EX EVENT_LOG_SECONDS.
     */
    undelivered: (subscription: string) => `${base}:undelivered:${subscription}`,
    /** string '1', EX 50: a worker is comparing what is not over with what stands in the queues. */
    settling: `${base}:settling`,

    /**
     * string, which arrival has an event: a job's id and a number; PX DEDUPE_SECONDS, EVENT_LOG_SECONDS when it was
     * old. Written by worker.
     */
    arrival: (eventId: string) => `${base}:arrival:${eventId}`,

    /**
     * hash deadline, reply, w:<channel>, subscription, authorizer, openid, event (without an event log); PX deadline +
     * 10 min: a reply on its way to an ingress.
     */
    reply: (eventId: string) => `${base}:reply:${eventId}`,
    /** string '1', EX 1 day: this event is answered, by a passive reply or by customer service message. */
    replySent: (eventId: string) => `${base}:reply_sent:${eventId}`,
  }
}
