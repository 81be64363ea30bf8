// Owns: every name in Redis: keys with type, life, writer and readers; queues, streams, channels, ids that
// de-duplicate. Two things never have one name: the kind stands first, `.` or `:` separates the parts, and neither a
// platform's id nor a subscription's name can contain either. A name of BullMQ's has no `:`. None has a wildcard of
// ACL patterns (`*?[]\`).
import { isEventId } from '@wxgw/contracts'

/** BullMQ's own default; consumers in any language open queues under it. */
export const QUEUE_PREFIX = 'bull'

/** Control plane: tickets, authorizations, whatever WeChat tells the component. Never behind a user's message. */
export const COMPONENT_EVENTS_QUEUE = '{wx-component-events}'
/** Events of the component and of the gateway on their way to subscriptions. */
export const PLATFORM_EVENTS_QUEUE = '{wx-platform-events}'
/**
 * Messages and events of the authorizers' users on their way to subscriptions: those whose push waits for an answer.
 */
export const MESSAGES_QUEUE = '{wx-messages}'
/**
 * All other messages, one job for what an ingress accepted in one turn of its event loop: inbox `index`, from 0, of
 * MESSAGE_SHARDS.
 */
export const messageInbox = (index: number) => `{wx-messages.${index}}`
/** Long background work: authorizers/sync. */
export const MAINTENANCE_QUEUE = '{wx-maintenance}'

/** Of one subscription. The braces are Redis Cluster's hash tag: different ones may lie on different nodes. */
const tagOf = (kind: 'wx-deliveries' | 'wx-queue' | 'stream', platform: string, subscription: string) =>
  `{${kind}.${platform}.${subscription}}`

/** Deliveries of one subscription; its failed set is the subscription's dead letters. */
export const deliveriesQueue = (platform: string, subscription: string) =>
  tagOf('wx-deliveries', platform, subscription)

/**
 * hash second, taken; PX 2000: how many deliveries of a throttled subscription began in this second. Written and read by
 * worker.
 */
export const throttleKey = (platform: string, subscription: string) =>
  `wx:${tagOf('wx-deliveries', platform, subscription)}:throttle`

/**
 * sorted set, all scores 0, of `<key> <place> <delivery's id>`, the key by its SHA-256: the deliveries of an ordered subscription that
 * wait for each other. Nothing for a key without any. No TTL: work to be done. Written and read by worker.
 */
export const orderKey = (platform: string, subscription: string) =>
  `wx:${tagOf('wx-deliveries', platform, subscription)}:order`

/** hash delivery's id -> its member of the sorted set; `clock <id>` -> how long a failing one has held its key. No TTL. */
export const orderPlacesKey = (platform: string, subscription: string) => `${orderKey(platform, subscription)}_places`

/** What every list of an account's events begins with; `<platform>.<appid>` follows. */
export const lanePrefix = (inbox: number) => `wx:${messageInbox(inbox)}:lane:`

/** list of entries as JSON: events of an account in the order in which they were accepted. No TTL: work to be done. */
export const laneKey = (inbox: number, { platform, account }: { platform: string; account: string }) =>
  `${lanePrefix(inbox)}${platform}.${account}`

/** sorted set, all scores 0, of `<platform>.<appid>`: the accounts whose lists have entries. No TTL: as the lists. */
export const waitingLanesKey = (inbox: number) => `wx:${messageInbox(inbox)}:lanes`

/** string, the job that works off the list; PX 15000. */
export const laneLeaseKey = (inbox: number, lane: { platform: string; account: string }) => `${laneKey(inbox, lane)}:lease`

/**
 * The queue that the consumer of a new `queue` sink opens. An older one may have another: `sink.queue` of its record
 * says.
 */
export const sinkQueue = (platform: string, subscription: string) => tagOf('wx-queue', platform, subscription)

/**
 * The stream that the consumer of a new `stream` sink reads. An older one may have another: `sink.stream` of its
 * record says.
 */
export const sinkStream = (platform: string, subscription: string) => `wx:${tagOf('stream', platform, subscription)}`

/** A key of BullMQ's: `what` is a job's id, or one of its own words. */
export const queueKey = (queue: string, what: string) => `${QUEUE_PREFIX}:${queue}:${what}`

/** The part of a key that decides on its place in a Redis Cluster, without its braces. */
export function hashTag(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}

/** A job of messages says in its id how many it has: what waits can be counted without reading it. */
export const batchJobId = (id: string, messages: number) => `${id}x${messages}`

/** How many messages a job of an inbox has. */
export function messagesOf(jobId: string): number {
  const [, count = '1'] = /x(\d{1,4})$/.exec(jobId) ?? []
  return Number(count)
}

/** The event's id for the first delivery; a replay gets a name of its own. */
export function deliveryId(eventId: string, replay: string | undefined): string {
  return replay === undefined ? eventId : `${eventId}.${replay}`
}

/** Also part of the ids of its deliveries. `hex`: at most 32 digits. */
export const replayId = (hex: string) => `r${hex}`

/** undefined: it is the first delivery. */
export function replayOf(eventId: string, id: string): string | undefined {
  return id.startsWith(`${eventId}.`) ? id.slice(eventId.length + 1) : undefined
}

/** Is it an event's id, alone or with the name of a replay? */
export function isDeliveryId(text: string): boolean {
  return isEventId(text.replace(/\.r[0-9a-f]{1,32}$/, ''))
}

/** What jobs are de-duplicated by. All platforms share the queues, so each id begins with the platform. */
export function onceIds(platform: string) {
  return {
    componentEvent: (eventId: string) => `${platform}.${eventId}`,
    /** `wanted`: an appid, or the id of the event that waits for the profile. */
    profile: (wanted: string) => `${platform}.profile.${wanted}`,
    /** Of the code of an event that has been announced. */
    exchange: (eventId: string) => `${platform}.exchange.${eventId}`,
    releaseCheck: (eventId: string) => `${platform}.release-check.${eventId}`,
    sync: `${platform}.sync`,
    /** `replay` and `only` lead to other deliveries of the same event: each is remembered by itself. */
    fanOut: ({ eventId, replay, only }: { eventId: string; replay?: string | undefined; only?: string | undefined }) =>
      only === undefined ? `${platform}.${deliveryId(eventId, replay)}` : `${platform}.${eventId}.${replay ?? ''}.${only}`,
  }
}

/** string '1', PX 60000: written by every readiness check, read by nobody. */
export const READINESS_PROBE_KEY = 'wx:{health}:probe'

/**
 * string '1', PX 10000: a script that began at a platform's keys wrote it under the hash tag of a queue or a stream.
 * Read and removed at once.
 */
export const scriptProbeKey = (tag: string, id: string) => `wx:{${tag}}:script_probe:${id}`

/**
 * string '1', PX 1: written before each WAIT of REDIS_MIN_REPLICAS under the hash tag of the key that the wait is about. Read by
 * nobody.
 */
export const replicaProbeKey = (key: string) => `wx:{${hashTag(key)}}:replica_probe`

/** string, MESSAGE_SHARDS of the first start. No TTL: what stands in the shards depends on it. */
export const SHARD_COUNT_KEY = 'wx:{wx-messages}:shards'

/**
 * string '1', PX the longer of DEDUPE_SECONDS and EVENT_LOG_SECONDS: MESSAGE_SHARDS was set on an installation of
 * before, whose events are all in shard 0.
 */
export const UNSHARDED_KEY = 'wx:{wx-messages}:unsharded'

/** sorted set of workers by the millisecond of their last heartbeat, PX 60000. Written by worker, read by worker and ingress. */
export const INBOX_WORKERS_KEY = 'wx:{wx-messages}:workers'

/** string '1', PX 60000: written by readiness checks with several inboxes, read by nobody. */
export const inboxProbeKey = (index: number) => `wx:${messageInbox(index)}:probe`

/**
 * string '1', PX 12 h and 10 min: this session of the console was ended by its operator. Written and read by ingress.
 */
export const endedConsoleSessionKey = (id: string) => `wx:{wx-console}:ended_session:${id}`

/**
 * stream of JSON, the last 10,000: who changed what, and who read secrets or what users wrote. Written by ingress, read by ingress.
 */
export const AUDIT_KEY = 'wx:{wx-console}:audit'
/** stream of JSON, the last 1,000: calls of WeChat's APIs for callers that WeChat refused. Written by ingress, read by ingress. */
export const REFUSED_API_CALLS_KEY = 'wx:{wx-console}:refused_api_calls'

export type PlatformKeys = ReturnType<typeof platformKeys>
export type ShardKeys = ReturnType<typeof shardKeys>

export function platformKeys(platform: string) {
  const base = `wx:{${platform}}`
  return {
    /**
     * string, the token in clear, TTL = its remaining life. Written by refresh and exchange, read by anyone granted.
     * Public by contract.
     */
    accessToken: (appId: string) => `${base}:access_token:${appId}`,
    /** string, the token in clear, TTL = its remaining life. Public by contract. */
    componentAccessToken: `${base}:component_access_token`,

    /**
     * hash ticket (sealed), createTime, receivedAtMs. No TTL: the newest ticket is kept until a newer comes. Written by
     * ingress and worker.
     */
    ticket: `${base}:ticket`,
    /** hash version, fence, committedFence, expiresAtMs, lifetimeSeconds, refreshedAtMs. No TTL: describes the component token. */
    componentToken: `${base}:component_token`,
    /**
     * hash, one authorizer: status, generation, authorizedAt, tokens' metadata, sealed refresh token and its history,
     * profile. No TTL: the vault.
     */
    authorizer: (appId: string) => `${base}:authorizer:${appId}`,
    /** list of sealed refresh tokens that stood in the hash before, newest first, at most 5. No TTL: the vault's second copy. */
    refreshTokenHistory: (appId: string) => `${base}:refresh_token_history:${appId}`,
    /**
     * list of JSON, newest first, at most 100: which permission sets the account added and removed, when and why. No
     * TTL:
     * it tells of the vault.
     */
    authorizerHistory: (appId: string) => `${base}:authorizer_history:${appId}`,
    /** sorted set of appids, all scores 0: the list in order. No TTL. */
    authorizers: `${base}:authorizers`,
    /**
     * hash `<status> <ids of permission sets>` -> number of the group, `#<number>` -> the same back, `#` -> the last number. No TTL.
     */
    authorizerGroups: `${base}:authorizer_groups`,
    /** sorted set `<number of the group> <appid>`, all scores 0: accounts by status and permission sets. No TTL. */
    authorizersByGroup: `${base}:authorizers_by_group`,
    /** sorted set `<name>\0<nick or principal>\0<appid>`, all scores 0: accounts by what their names begin with. No TTL. */
    authorizerNames: `${base}:authorizer_names`,
    /** string '1': the three above were built for the accounts of before. No TTL. */
    authorizerIndex: `${base}:authorizer_index`,
    /** sorted set of subjects (appid, or `component`) by the millisecond from which a refresh is due. No TTL. */
    due: `${base}:due`,
    /** hash reason, untilMs, probeEveryMs, address; PX as long as it may hold: why scheduled refreshes of the platform wait. */
    schedulePause: `${base}:schedule_pause`,
    /** string, the millisecond from which the next daily look at WeChat's list is due. No TTL. */
    nextAudit: `${base}:next_audit`,
    /** hash original id (gh_…) -> appid. No TTL. Written with the profile, read by ingress. */
    userNames: `${base}:user_names`,
    /** string owner, PX = lease: who is refreshing this subject now. */
    refreshLease: (subject: string) => `${base}:refresh_lease:${subject}`,
    /** string JSON {code, errcode, errmsg}, PX 1000: the last failed refresh, given to everybody who asks meanwhile. */
    refreshError: (subject: string) => `${base}:refresh_error:${subject}`,
    /**
     * hash state, owner, savedBy, claimedAtMs, leaseUntilMs, appid, errcode, errmsg, refusedAtMs, listSearchedAtMs,
     * session (which this authorization completed or refused); EX 7200: one authorization code by its SHA-256.
     */
    authorizationCode: (hash: string) => `${base}:authorization_code:${hash}`,
    /**
     * hash, one authorization session: what its caller asked for, its state, times of its latest clicks, what was
     * granted. PX until 30 days after its end.
     */
    session: (id: string) => `${base}:session:${id}`,
    /** sorted set of session ids by createdAtMs; trimmed on write, EX 61 days. */
    sessions: `${base}:sessions`,
    /** the same, for one reference by its SHA-256. */
    sessionsOfReference: (hash: string) => `${base}:sessions_of_reference:${hash}`,
    /** the same, for one account: those that asked for it, and those that it completed. */
    sessionsOfAuthorizer: (appId: string) => `${base}:sessions_of_authorizer:${appId}`,
    /** sorted set of session ids by the time of completion or refusal: not announced yet. No TTL: work to be done. */
    sessionsUnannounced: `${base}:sessions_unannounced`,
    /** string `<session> <ms>`, EX 7 days: whose a click is, by the mark in its way back. */
    sessionClick: (mark: string) => `${base}:session_click:${mark}`,
    /** string `<session> <ms>`, EX 7 days: whose a click is, by the SHA-256 of its pre_auth_code. */
    sessionPreAuthCode: (hash: string) => `${base}:session_pre_auth_code:${hash}`,

    /** string, a jsapi or wx_card ticket, sealed, TTL = its remaining life. */
    apiTicket: (type: string, appId: string) => `${base}:api_ticket:${type}:${appId}`,
    /** hash version, fence, committedFence, expiresAtMs, lifetimeSeconds, refreshedAtMs; EX 1 day: describes the ticket. */
    apiTicketMeta: (type: string, appId: string) => `${base}:api_ticket_meta:${type}:${appId}`,

    /** hash name -> subscription as JSON (webhook secrets sealed). No TTL. Written by ingress and worker (declared, renamed, 410). */
    subscriptions: `${base}:subscriptions`,
    /** hash name -> the caller that created this subscription. No TTL. A subscription that counts for nobody has no field. */
    subscriptionCreators: `${base}:subscription_creators`,
    /** sorted set, subscription -> the version that changed it last, at most 1,000; '' and '*': which versions it knows. No TTL. */
    subscriptionChanges: `${base}:subscription_changes`,
    /** string, counts changes of the hash of subscriptions. No TTL. Read by every process before it matches. */
    subscriptionsVersion: `${base}:subscriptions_version`,

    /**
     * hash `<minute>:<counter>` -> how many, a process -> number of its last write; EX 26 h: what happened in one hour, by hours since
     * 1970. Written by ingress and worker each minute, read by ingress.
     */
    statistics: (hour: string) => `${base}:statistics:${hour}`,
    /**
     * hash failures, opening, sinceMs, lastFailureAtMs, lastError, lastSuccessAtMs, announcedAtMs, pauseUntilMs, probeUntilMs; EX 30 days: how the
     * attempts of a subscription went, over all workers. Written by worker, read by ingress, too.
     */
    deliveryHealth: (subscription: string) => `${base}:delivery_health:${subscription}`,
    /** set of ordering keys that failed in the row of failures, at most 500; EX 30 days. Written and read by worker. */
    failedOrderingKeys: (subscription: string) => `${base}:failed_ordering_keys:${subscription}`,
    /**
     * hash `d:<minute>`, `f:<minute>` -> attempts that delivered and failed, `b:<bucket>` -> attempts of this duration; EX 75 min: ten
     * minutes of one subscription. Written by worker, read by ingress.
     */
    deliveryCounts: (subscription: string, slot: string) => `${base}:delivery_counts:${subscription}:${slot}`,
    /** sorted set of the subscriptions whose breaker is not closed, by the first failure of the row. No TTL: until one is delivered. */
    failing: `${base}:failing`,
    /** hash event's id -> JSON: what is to be announced of subscriptions. No TTL: work to be done. Written and read by worker. */
    healthAnnouncements: `${base}:health_announcements`,
    /**
     * hash subscription -> JSON untilMs, announced, leftOut, the last left out: how many of its dead letters were announced within a minute.
     * No TTL: a field goes with its minute. Written and read by worker.
     */
    deadLetterWindows: `${base}:dead_letter_windows`,
    /** string '1', PX 5000: a worker keeps the backlogs of paused subscriptions within their bounds. */
    trimming: `${base}:trimming`,

    /**
     * hash subscription, status, matched, delivered, failed, what it is to do, who runs it until when; EX 7 days after its end: one
     * replay. No TTL before that: work to be done. Written by ingress and worker.
     */
    replay: (id: string) => `${base}:replay:${id}`,
    /** sorted set of what is still to be delivered by receivedAtMs; EX 600 while it is made, no TTL until the replay ends. */
    replayTodo: (id: string) => `${base}:replay_todo:${id}`,
    /** the same: what a worker is delivering now; EX 60 after a cancellation. */
    replayUnderWay: (id: string) => `${base}:replay_under_way:${id}`,
    /** sorted set of a subscription's replays by createdAtMs, at most 20; EX 7 days after the end of the last one. */
    replays: (subscription: string) => `${base}:replays:${subscription}`,
    /** sorted set `<subscription> <replay>` by createdAtMs, at most 10: those that have not ended. No TTL: work to be done. */
    replaysOpen: `${base}:replays_open`,

    /** hash code -> when and from where the last push came that was refused with it; EX 1 day. Written and read by ingress. */
    refusedPushes: `${base}:refused_pushes`,

    /** string, a push to the component's URL that is no event, sealed, EX 1 day. Written by worker, read by an operator's command. */
    unparsedPush: (eventId: string) => `${base}:unparsed_push:${eventId}`,
    /** sorted set of the event ids of those by receivedAtMs, at most 50; EX 1 day. */
    unparsedPushes: `${base}:unparsed_pushes`,

    /**
     * hash subscription -> id of the last entry of its consumer queue's event stream that was worked off. No TTL: where
     * a worker goes on.
     */
    consumerReturns: `${base}:consumer_returns`,
    /** pub/sub channel that a waiting ingress hears of the reply on. */
    replyChannel: (process: string) => `${base}:replies:${process}`,

    /**
     * hash b:<path> -> WeChat's answer as JSON, p:<path> -> the millisecond from which one call may see; until midnight
     * in Shanghai: which APIs of this subject (appid, or `component`) are out of quota.
     */
    apiBrakes: (subject: string) => `${base}:api_brakes:${subject}`,
    /** string `*` or the digest of a token, EX 3600: this API (SHA-256 of its path) refused a token of the subject that was fresh. */
    apiRefused: (subject: string, path: string) => `${base}:api_refused:${subject}:${path}`,
    /** set of such keys, EX 3600: those of paths that the catalogue does not know. */
    apiRefusedUnknown: (subject: string) => `${base}:api_refused_unknown:${subject}`,

    /** hash jobId, seen, added, repaired, failed, …; EX 7 days: the state of one authorizers/sync. */
    sync: (jobId: string) => `${base}:sync:${jobId}`,
    /** string, the key-check value: proves at start that the sealing keys are the right ones. No TTL. */
    keyCheck: `${base}:key_check`,
    /** string, when ticket pushes were last asked for again; EX 600: at most every ten minutes. */
    startPushTicket: `${base}:start_push_ticket`,
  }
}

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
     * hash subscription -> its attempts at one event as JSON, newest first, at most 20, each with a line break behind it; life of the
     * event. Without those that stand in the state. Written by worker, read by ingress.
     */
    attempts: (eventId: string) => `${base}:attempts:${eventId}`,
    /** sorted set of event ids by receivedAtMs; trimmed by age and by size on write; EX EVENT_LOG_SECONDS. */
    events: `${base}:events`,
    /** the same, for one authorizer. */
    eventsOfAuthorizer: (appId: string) => `${base}:events:${appId}`,
    /**
     * sorted set of event ids, each behind 6 characters that stand for account and user, by receivedAtMs: those of the users
     * whose hash leads here; trimmed as `events`; EX EVENT_LOG_SECONDS.
     */
    eventsOfUsers: (bucket: string) => `${base}:events_of_users:${bucket}`,
    /** string, the millisecond from which `eventsOfUsers` has all that the log has; EX EVENT_LOG_SECONDS. */
    usersKnownFrom: `${base}:users_known_from`,
    /**
     * stream of event ids in the order in which they were recorded; an entry's id is the millisecond of Redis and a number that
     * counts up by one; trimmed as `events`; EX EVENT_LOG_SECONDS.
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
