// Owns: the keys of one shard of a platform. The rules for names are in keys.ts.

export type ShardKeys = ReturnType<typeof shardKeys>

/**
 * The event log, claims and passive replies are spread over MESSAGE_SHARDS. Shard 0 has the platform's own hash tag,
 * because earlier versions had no shards.
 */
export function shardKeys(platform: string, index: number) {
  const base = index === 0 ? `wx:{${platform}}` : `wx:{${platform}.${index}}`
  return {
    /**
     * hash event, receivedAtMs, d:<subscription> -> state as JSON, j:<subscription> -> id of the delivering job, when
     * it differs from the event's id; EX EVENT_LOG_SECONDS.
     */
    event: (eventId: string) => `${base}:event:${eventId}`,
    /**
     * hash subscription -> its attempts at one event as JSON, newest first, at most 20, each followed by a line break;
     * life of the event. An attempt that is stored in the state is not repeated here. Written by worker, read by
     * ingress.
     */
    attempts: (eventId: string) => `${base}:attempts:${eventId}`,
    /**
     * sorted set of event ids by receivedAtMs; trimmed by age and by size on write; EX EVENT_LOG_SECONDS and up to a
     * hundredth of it.
     */
    events: `${base}:events`,
    /** the same, for one authorizer. */
    eventsOfAuthorizer: (appId: string) => `${base}:events:${appId}`,
    /**
     * sorted set of event ids by receivedAtMs, each prefixed with 6 characters of the hash of account and user: the
     * events of all users in this hash bucket; trimmed and expires as `events`.
     */
    eventsOfUsers: (bucket: string) => `${base}:events_of_users:${bucket}`,
    /** string, the millisecond from which `eventsOfUsers` is complete; EX EVENT_LOG_SECONDS. */
    usersKnownFrom: `${base}:users_known_from`,
    /**
     * stream of event ids in the order of recording; an entry's id is the millisecond of Redis and a number that grows
     * by one; trimmed as `events`; EX EVENT_LOG_SECONDS.
     */
    feed: `${base}:feed`,
    /** string, the id of the last entry of `feed`; EX EVENT_LOG_SECONDS. */
    feedEnd: `${base}:feed_end`,

    /**
     * sorted set `<event id> <subscription>` of pending deliveries by the millisecond in which they were recorded;
     * trimmed and expires as `events`.
     */
    unsettled: `${base}:unsettled`,
    /**
     * sorted set of event ids by receivedAtMs: logged events that were not delivered to one subscription; trimmed as
     * `events`; EX EVENT_LOG_SECONDS.
     */
    undelivered: (subscription: string) => `${base}:undelivered:${subscription}`,
    /** string '1', EX 50: the lock of the worker that compares `unsettled` with the queues. */
    settling: `${base}:settling`,

    /**
     * string, the arrival that has claimed an event: a job's id and a number; PX DEDUPE_SECONDS, or EVENT_LOG_SECONDS
     * for an old push. Written by worker.
     */
    arrival: (eventId: string) => `${base}:arrival:${eventId}`,

    /**
     * hash deadline, reply, w:<channel>, subscription, authorizer, openid, event (without an event log); PX deadline +
     * 10 min: the passive reply that an ingress waits for.
     */
    reply: (eventId: string) => `${base}:reply:${eventId}`,
    /** string '1', EX 1 day: this event was answered, by a passive reply or by customer service message. */
    replySent: (eventId: string) => `${base}:reply_sent:${eventId}`,
  }
}
