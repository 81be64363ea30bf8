// Owns: the keys of one platform that are not spread over shards: tokens, accounts, sessions, subscriptions, replays,
// statistics. The rules of all names stand in keys.ts.

export type PlatformKeys = ReturnType<typeof platformKeys>

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
    /**
     * hash version, fence, committedFence, expiresAtMs, lifetimeSeconds, refreshedAtMs. No TTL: describes the component
     * token.
     */
    componentToken: `${base}:component_token`,
    /**
     * hash, one authorizer: status, generation, authorizedAt, tokens' metadata, sealed refresh token and its history,
     * profile. No TTL: the vault.
     */
    authorizer: (appId: string) => `${base}:authorizer:${appId}`,
    /**
     * list of sealed refresh tokens that stood in the hash before, newest first, at most 5. No TTL: the vault's second
     * copy.
     */
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
     * hash `<status> <ids of permission sets>` -> number of the group, `#<number>` -> the same back, `#` -> the last
     * number. No TTL.
     */
    authorizerGroups: `${base}:authorizer_groups`,
    /** sorted set `<number of the group> <appid>`, all scores 0: accounts by status and permission sets. No TTL. */
    authorizersByGroup: `${base}:authorizers_by_group`,
    /**
     * sorted set `<name>\0<nick or principal>\0<appid>`, all scores 0: accounts by what their names begin with. No TTL.
     */
    authorizerNames: `${base}:authorizer_names`,
    /** string '1': the three above were built for the accounts of before. No TTL. */
    authorizerIndex: `${base}:authorizer_index`,
    /** sorted set of subjects (appid, or `component`) by the millisecond from which a refresh is due. No TTL. */
    due: `${base}:due`,
    /**
     * hash reason, untilMs, probeEveryMs, address; PX as long as it may hold: why scheduled refreshes of the platform
     * wait.
     */
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
    /** sorted set of session ids by expiresAtMs, until a worker has counted it as expired or not; EX 61 days. */
    sessionsByExpiry: `${base}:sessions_by_expiry`,
    /** sorted set of session ids by the time of completion or refusal: not announced yet. No TTL: work to be done. */
    sessionsUnannounced: `${base}:sessions_unannounced`,
    /** string `<session> <ms>`, EX 7 days: whose a click is, by the mark in its way back. */
    sessionClick: (mark: string) => `${base}:session_click:${mark}`,
    /** string `<session> <ms>`, EX 7 days: whose a click is, by the SHA-256 of its pre_auth_code. */
    sessionPreAuthCode: (hash: string) => `${base}:session_pre_auth_code:${hash}`,

    /** string, a jsapi or wx_card ticket, sealed, TTL = its remaining life. */
    apiTicket: (type: string, appId: string) => `${base}:api_ticket:${type}:${appId}`,
    /**
     * hash version, fence, committedFence, expiresAtMs, lifetimeSeconds, refreshedAtMs; EX 1 day: describes the ticket.
     */
    apiTicketMeta: (type: string, appId: string) => `${base}:api_ticket_meta:${type}:${appId}`,

    /**
     * hash name -> subscription as JSON (webhook secrets sealed). No TTL. Written by ingress and worker (declared,
     * renamed, 410).
     */
    subscriptions: `${base}:subscriptions`,
    /**
     * hash name -> the caller that created this subscription. No TTL. A subscription that counts for nobody has no
     * field.
     */
    subscriptionCreators: `${base}:subscription_creators`,
    /**
     * sorted set, subscription -> the version that changed it last, at most 1,000; '' and '*': which versions it knows.
     * No TTL.
     */
    subscriptionChanges: `${base}:subscription_changes`,
    /** string, counts changes of the hash of subscriptions. No TTL. Read by every process before it matches. */
    subscriptionsVersion: `${base}:subscriptions_version`,

    /**
     * hash `<minute>:<counter>` -> how many, a process -> number of its last write; EX 26 h: what happened in one hour,
     * by hours since 1970. Written by ingress and worker each minute, read by ingress.
     */
    statistics: (hour: string) => `${base}:statistics:${hour}`,
    /**
     * hash failures, opening, sinceMs, lastFailureAtMs, lastError, lastSuccessAtMs, announcedAtMs, pauseUntilMs,
     * probeUntilMs; EX 30 days: how the attempts of a subscription went, over all workers. Written by worker, read by
     * ingress, too.
     */
    deliveryHealth: (subscription: string) => `${base}:delivery_health:${subscription}`,
    /** set of ordering keys that failed in the row of failures, at most 500; EX 30 days. Written and read by worker. */
    failedOrderingKeys: (subscription: string) => `${base}:failed_ordering_keys:${subscription}`,
    /**
     * hash `d:<minute>`, `f:<minute>` -> attempts that delivered and failed, `b:<bucket>` -> attempts of this duration;
     * EX 75 min: ten minutes of one subscription. Written by worker, read by ingress.
     */
    deliveryCounts: (subscription: string, slot: string) => `${base}:delivery_counts:${subscription}:${slot}`,
    /**
     * sorted set of the subscriptions whose breaker is not closed, by the first failure of the row. No TTL: until one
     * is delivered.
     */
    failing: `${base}:failing`,
    /**
     * hash event's id -> JSON: what is to be announced of subscriptions. No TTL: work to be done. Written and read by
     * worker.
     */
    healthAnnouncements: `${base}:health_announcements`,
    /**
     * hash subscription -> JSON untilMs, announced, leftOut, the last left out: how many of its dead letters were
     * announced within a minute. No TTL: a field goes with its minute. Written and read by worker.
     */
    deadLetterWindows: `${base}:dead_letter_windows`,
    /** string, JSON: figures of the platform for the workers' metrics; PX 30000. Written and read by worker. */
    figures: `${base}:figures`,
    /** string '1', PX 9000: a worker has gathered them within this period. */
    gathering: `${base}:gathering`,
    /** string '1', PX 5000: a worker keeps the backlogs of paused subscriptions within their bounds. */
    trimming: `${base}:trimming`,

    /**
     * hash subscription, status, matched, delivered, failed, what it is to do, who runs it until when; EX 7 days after
     * its end: one replay. No TTL before that: work to be done. Written by ingress and worker.
     */
    replay: (id: string) => `${base}:replay:${id}`,
    /**
     * sorted set of what is still to be delivered by receivedAtMs; EX 600 while it is made, no TTL until the replay
     * ends.
     */
    replayTodo: (id: string) => `${base}:replay_todo:${id}`,
    /** the same: what a worker is delivering now; EX 60 after a cancellation. */
    replayUnderWay: (id: string) => `${base}:replay_under_way:${id}`,
    /** sorted set of a subscription's replays by createdAtMs, at most 20; EX 7 days after the end of the last one. */
    replays: (subscription: string) => `${base}:replays:${subscription}`,
    /**
     * sorted set `<subscription> <replay>` by createdAtMs, at most 10: those that have not ended. No TTL: work to be
     * done.
     */
    replaysOpen: `${base}:replays_open`,

    /**
     * hash code -> when and from where the last push came that was refused with it; EX 1 day. Written and read by
     * ingress.
     */
    refusedPushes: `${base}:refused_pushes`,

    /**
     * string, a push to the component's URL that is no event, sealed, EX 1 day. Written by worker, read by an
     * operator's command.
     */
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
    /**
     * string `*` or the digest of a token, EX 3600: this API (SHA-256 of its path) refused a token of the subject that
     * was fresh.
     */
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
