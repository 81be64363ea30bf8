// Owns: the keys of one platform that are not sharded: tokens, accounts, sessions, subscriptions, replays, statistics.
// The rules for names are in keys.ts.

export type PlatformKeys = ReturnType<typeof platformKeys>

export function platformKeys(platform: string) {
  const base = `wx:{${platform}}`
  return {
    /**
     * string, the token in clear, TTL = its remaining life. Written by refresh and exchange. Public by contract:
     * callers with the right may read it in Redis.
     */
    accessToken: (appId: string) => `${base}:access_token:${appId}`,
    /** string, the token in clear, TTL = its remaining life. Public by contract. */
    componentAccessToken: `${base}:component_access_token`,

    /**
     * hash ticket (sealed), createTime, receivedAtMs. No TTL: the newest ticket is kept until a newer one. Written by
     * ingress and worker.
     */
    ticket: `${base}:ticket`,
    /** hash version, fence, committedFence, expiresAtMs, lifetimeSeconds, refreshedAtMs of that token. No TTL. */
    componentToken: `${base}:component_token`,
    /**
     * hash, one authorizer: status, generation, authorizedAt, tokens' metadata, sealed refresh token, profile. No TTL:
     * the secrets of the installation.
     */
    authorizer: (appId: string) => `${base}:authorizer:${appId}`,
    /** list of the earlier sealed refresh tokens of the hash, newest first, at most 5. No TTL: a copy of secrets. */
    refreshTokenHistory: (appId: string) => `${base}:refresh_token_history:${appId}`,
    /**
     * list of JSON, newest first, at most 100: which permission sets the account added and removed, when and why. No
     * TTL: the history of an account.
     */
    authorizerHistory: (appId: string) => `${base}:authorizer_history:${appId}`,
    /** sorted set of appids, all scores 0: all accounts in the order of their appids. No TTL. */
    authorizers: `${base}:authorizers`,
    /**
     * hash `<status> <ids of permission sets>` -> number of the group, `#<number>` -> its status and ids, `#` -> the
     * last number. No TTL.
     */
    authorizerGroups: `${base}:authorizer_groups`,
    /** sorted set `<number of the group> <appid>`, all scores 0: accounts by status and permission sets. No TTL. */
    authorizersByGroup: `${base}:authorizers_by_group`,
    /**
     * sorted set `<name>\0<nick or principal>\0<appid>`, all scores 0: accounts by what their names begin with. No TTL.
     */
    authorizerNames: `${base}:authorizer_names`,
    /** string '1': the three above contain the accounts of earlier versions. No TTL. */
    authorizerIndex: `${base}:authorizer_index`,
    /** sorted set of subjects (appid, or `component`) by the millisecond from which a refresh is due. No TTL. */
    due: `${base}:due`,
    /** hash reason, untilMs, probeEveryMs, address; PX its longest time: the pause of scheduled refreshes. */
    schedulePause: `${base}:schedule_pause`,
    /** string, the millisecond from which the next daily audit against WeChat's list is due. No TTL. */
    nextAudit: `${base}:next_audit`,
    /** hash original id (gh_…) -> appid. No TTL. Written with the profile, read by ingress. */
    userNames: `${base}:user_names`,
    /** string owner, PX = lease: the process that refreshes this subject now. */
    refreshLease: (subject: string) => `${base}:refresh_lease:${subject}`,
    /** string JSON {code, errcode, errmsg}, PX 1000: the last failed refresh, the answer to all callers meanwhile. */
    refreshError: (subject: string) => `${base}:refresh_error:${subject}`,
    /**
     * hash state, owner, savedBy, claimedAtMs, leaseUntilMs, appid, errcode, errmsg, refusedAtMs, listSearchedAtMs,
     * session (which this authorization completed or refused); EX 7200: one authorization code by its SHA-256.
     */
    authorizationCode: (hash: string) => `${base}:authorization_code:${hash}`,
    /**
     * hash, one authorization session: its request, its state, times of its latest clicks, what was granted. PX until
     * 30 days after its end.
     */
    session: (id: string) => `${base}:session:${id}`,
    /** sorted set of session ids by createdAtMs; trimmed on write, EX 61 days. */
    sessions: `${base}:sessions`,
    /** the same, for one reference by its SHA-256. */
    sessionsOfReference: (hash: string) => `${base}:sessions_of_reference:${hash}`,
    /** the same, for one account: sessions that require it, and sessions that it completed. */
    sessionsOfAuthorizer: (appId: string) => `${base}:sessions_of_authorizer:${appId}`,
    /** sorted set of session ids by expiresAtMs, until a worker has counted each as expired or not; EX 61 days. */
    sessionsByExpiry: `${base}:sessions_by_expiry`,
    /** sorted set of session ids by the time of completion or refusal: not announced yet. No TTL: work to be done. */
    sessionsUnannounced: `${base}:sessions_unannounced`,
    /** string `<session> <ms>`, EX 7 days: the session of a click, by the mark in its landing address. */
    sessionClick: (mark: string) => `${base}:session_click:${mark}`,
    /** string `<session> <ms>`, EX 7 days: the session of a click, by the SHA-256 of its pre_auth_code. */
    sessionPreAuthCode: (hash: string) => `${base}:session_pre_auth_code:${hash}`,

    /** string, a jsapi or wx_card ticket, sealed, TTL = its remaining life. */
    apiTicket: (type: string, appId: string) => `${base}:api_ticket:${type}:${appId}`,
    /** hash version, fence, committedFence, expiresAtMs, lifetimeSeconds, refreshedAtMs of that ticket; EX 1 day. */
    apiTicketMeta: (type: string, appId: string) => `${base}:api_ticket_meta:${type}:${appId}`,

    /**
     * hash name -> subscription as JSON (webhook secrets sealed). No TTL. Written by ingress and worker (declared,
     * renamed, 410).
     */
    subscriptions: `${base}:subscriptions`,
    /** hash name -> the caller that created this subscription; without a field it counts for no caller. No TTL. */
    subscriptionCreators: `${base}:subscription_creators`,
    /**
     * sorted set, subscription -> the version that changed it last, at most 1,000; '' and '*': the newest and oldest
     * known version. No TTL.
     */
    subscriptionChanges: `${base}:subscription_changes`,
    /** string, counter of changes of `subscriptions`. No TTL. Read by every process before it matches an event. */
    subscriptionsVersion: `${base}:subscriptions_version`,

    /**
     * hash `<minute>:<counter>` -> count, a process -> number of its last write; EX 26 h: the counts of one hour since
     * 1970. Written by ingress and worker each minute, read by ingress.
     */
    statistics: (hour: string) => `${base}:statistics:${hour}`,
    /**
     * hash failures, opening, sinceMs, lastFailureAtMs, lastError, lastSuccessAtMs, announcedAtMs, pauseUntilMs,
     * probeUntilMs; EX 30 days: the state of a subscription's circuit breaker, shared by all workers. Written by
     * worker, read by ingress and worker.
     */
    deliveryHealth: (subscription: string) => `${base}:delivery_health:${subscription}`,
    /** set of ordering keys that failed in the row of failures, at most 500; EX 30 days. Written and read by worker. */
    failedOrderingKeys: (subscription: string) => `${base}:failed_ordering_keys:${subscription}`,
    /**
     * hash `d:<minute>`, `f:<minute>` -> attempts that delivered and failed, `b:<bucket>` -> attempts of this duration;
     * EX 75 min: ten minutes of one subscription. Written by worker, read by ingress.
     */
    deliveryCounts: (subscription: string, slot: string) => `${base}:delivery_counts:${subscription}:${slot}`,
    /** sorted set of the subscriptions whose breaker is not closed, by the first failure of the row. No TTL. */
    failing: `${base}:failing`,
    /**
     * hash event's id -> JSON: events about subscriptions to be emitted. No TTL: work to be done. Written and read by
     * worker.
     */
    healthAnnouncements: `${base}:health_announcements`,
    /**
     * hash subscription -> JSON untilMs, announced, leftOut, the last left out: how many of its dead letters were
     * announced within a minute. No TTL: a field is removed after its minute. Written and read by worker.
     */
    deadLetterWindows: `${base}:dead_letter_windows`,
    /** string, JSON: figures of the platform for the workers' metrics; PX 30000. Written and read by worker. */
    figures: `${base}:figures`,
    /** string '1', PX 9000: a worker gathered these figures in this period. */
    gathering: `${base}:gathering`,
    /** string '1', PX 5000: the lock of the worker that trims the backlogs of paused subscriptions. */
    trimming: `${base}:trimming`,

    /**
     * hash subscription, status, matched, delivered, failed, its range, its owner and the end of its lease; EX 7 days
     * after its end: one replay. No TTL before that: work to be done. Written by ingress and worker.
     */
    replay: (id: string) => `${base}:replay:${id}`,
    /**
     * sorted set of the items to be delivered by receivedAtMs; EX 600 while they are selected, no TTL until the replay
     * ends.
     */
    replayTodo: (id: string) => `${base}:replay_todo:${id}`,
    /** the same: items that a worker delivers now; EX 60 after a cancellation. */
    replayUnderWay: (id: string) => `${base}:replay_under_way:${id}`,
    /** sorted set of a subscription's replays by createdAtMs, at most 20; EX 7 days after the end of the last one. */
    replays: (subscription: string) => `${base}:replays:${subscription}`,
    /** sorted set `<subscription> <replay>` by createdAtMs, at most 10: those that have not ended. No TTL. */
    replaysOpen: `${base}:replays_open`,

    /**
     * hash code -> time and address of the last push that was refused with it; EX 1 day. Written and read by ingress.
     */
    refusedPushes: `${base}:refused_pushes`,

    /**
     * string, a push to the component's URL that cannot be parsed, sealed, EX 1 day. Written by worker, read by `wxgw
     * unparsed`.
     */
    unparsedPush: (eventId: string) => `${base}:unparsed_push:${eventId}`,
    /** sorted set of the event ids of these pushes by receivedAtMs, at most 50; EX 1 day. */
    unparsedPushes: `${base}:unparsed_pushes`,

    /**
     * hash subscription -> id of the last processed entry in the event stream of its consumer's queue. No TTL: where a
     * worker resumes.
     */
    consumerReturns: `${base}:consumer_returns`,
    /** pub/sub channel on which a waiting ingress receives the reply. */
    replyChannel: (process: string) => `${base}:replies:${process}`,

    /**
     * hash b:<path> -> WeChat's answer as JSON, p:<path> -> the millisecond of the next probe; until midnight in
     * Shanghai: APIs of this subject (appid, or `component`) that are out of quota.
     */
    apiBrakes: (subject: string) => `${base}:api_brakes:${subject}`,
    /**
     * string `*` or the digest of a token, EX 3600: this API (SHA-256 of its path) refused a new token of the subject.
     */
    apiRefused: (subject: string, path: string) => `${base}:api_refused:${subject}:${path}`,
    /** set of these keys, EX 3600, for paths that are not in the catalogue. */
    apiRefusedUnknown: (subject: string) => `${base}:api_refused_unknown:${subject}`,

    /** hash jobId, seen, added, repaired, failed, …; EX 7 days: the state of one authorizers/sync. */
    sync: (jobId: string) => `${base}:sync:${jobId}`,
    /** string, the check value, sealed: at the start it must open with the sealing keys. No TTL. */
    keyCheck: `${base}:key_check`,
    /** string, the time of the last api_start_push_ticket; EX 600: at most one in ten minutes. */
    startPushTicket: `${base}:start_push_ticket`,
  }
}
