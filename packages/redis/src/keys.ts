// Owns: every name in Redis: queues, streams, channels, de-duplication ids, keys of the installation. Keys of a
// platform are in platform-keys.ts and shard-keys.ts. Each key has its type, life, writer and readers. No two things
// share a name: the kind comes first, `.` or `:` separates the parts, and neither a platform's id nor a subscription's
// name contains these. A queue's name has no `:`, because BullMQ refuses it. No name has a wildcard of ACL patterns
// (`*?[]\`).
import { isEventId } from '@wxgw/contracts'

/** The default of BullMQ, under which consumers in any language open queues. */
export const QUEUE_PREFIX = 'bull'

/** Control plane: tickets, authorizations and other events of the component. They never wait behind users' messages. */
export const COMPONENT_EVENTS_QUEUE = '{wx-component-events}'
/** Fan-out of events of the component and of the gateway. */
export const PLATFORM_EVENTS_QUEUE = '{wx-platform-events}'
/** Fan-out of messages and events of the authorizers' users whose push waits for a reply. */
export const MESSAGES_QUEUE = '{wx-messages}'
/**
 * Fan-out of all other messages, one job for those that an ingress accepted in one turn of its event loop. `index`:
 * from 0, of MESSAGE_SHARDS inboxes.
 */
export const messageInbox = (index: number) => `{wx-messages.${index}}`
/** Long background work: authorizers/sync. */
export const MAINTENANCE_QUEUE = '{wx-maintenance}'

/**
 * Of one subscription. The braces are the hash tag of Redis Cluster: keys of different tags may be on different nodes.
 */
const tagOf = (kind: 'wx-deliveries' | 'wx-queue' | 'stream', platform: string, subscription: string) =>
  `{${kind}.${platform}.${subscription}}`

/** Deliveries of one subscription; its failed set is the subscription's dead letters. */
export const deliveriesQueue = (platform: string, subscription: string) =>
  tagOf('wx-deliveries', platform, subscription)

/**
 * hash second, taken; PX 2000: deliveries of a throttled subscription that began in this second. Written and read by
 * worker.
 */
export const throttleKey = (platform: string, subscription: string) =>
  `wx:${tagOf('wx-deliveries', platform, subscription)}:throttle`

/**
 * sorted set, all scores 0, of `<key> <place> <delivery's id>`, the key by its SHA-256: the deliveries of an ordered
 * subscription that wait for each other. Nothing for a key without any. No TTL: work to be done. Written and read by
 * worker.
 */
export const orderKey = (platform: string, subscription: string) =>
  `wx:${tagOf('wx-deliveries', platform, subscription)}:order`

/**
 * hash delivery's id -> its member of the sorted set; `clock <id>` -> how long a failing one has held its key. No TTL.
 */
export const orderPlacesKey = (platform: string, subscription: string) => `${orderKey(platform, subscription)}_places`

/** The prefix of the lists of accounts' events; `<platform>.<appid>` follows. */
export const lanePrefix = (inbox: number) => `wx:${messageInbox(inbox)}:lane:`

/** list of entries as JSON: events of an account in the order in which they were accepted. No TTL: work to be done. */
export const laneKey = (inbox: number, { platform, account }: { platform: string; account: string }) =>
  `${lanePrefix(inbox)}${platform}.${account}`

/** sorted set, all scores 0, of `<platform>.<appid>`: the accounts whose lists have entries. No TTL: as the lists. */
export const waitingLanesKey = (inbox: number) => `wx:${messageInbox(inbox)}:lanes`

/** string, the job that dispatches the entries of the list; PX 8000. */
export const laneLeaseKey = (inbox: number, lane: { platform: string; account: string }) =>
  `${laneKey(inbox, lane)}:lease`

/** The queue that the consumer of a new `queue` sink opens. That of an older sink is `sink.queue` of its record. */
export const sinkQueue = (platform: string, subscription: string) => tagOf('wx-queue', platform, subscription)

/** The stream that the consumer of a new `stream` sink reads. That of an older sink is `sink.stream` of its record. */
export const sinkStream = (platform: string, subscription: string) => `wx:${tagOf('stream', platform, subscription)}`

/** A key of BullMQ: `what` is a job's id, or the name of one of its lists and sets. */
export const queueKey = (queue: string, what: string) => `${QUEUE_PREFIX}:${queue}:${what}`

/** The part of a key that decides on its slot in a Redis Cluster, without its braces. */
export function hashTag(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}

/** The id of a job of messages contains their number: waiting messages are counted without reading the jobs. */
export const batchJobId = (id: string, messages: number) => `${id}x${messages}`

/** How many messages a job of an inbox has. */
export function messagesOf(jobId: string): number {
  const [, count = '1'] = /x(\d{1,4})$/.exec(jobId) ?? []
  return Number(count)
}

/** The event's id for the first delivery; that of a replay ends in the id of the replay. */
export function deliveryId(eventId: string, replay: string | undefined): string {
  return replay === undefined ? eventId : `${eventId}.${replay}`
}

/** Also part of the ids of its deliveries. `hex`: at most 32 digits. */
export const replayId = (hex: string) => `r${hex}`

/** undefined: it is the first delivery. */
export function replayOf(eventId: string, id: string): string | undefined {
  return id.startsWith(`${eventId}.`) ? id.slice(eventId.length + 1) : undefined
}

/** An event's id, alone or with the id of a replay. */
export function isDeliveryId(text: string): boolean {
  return isEventId(text.replace(/\.r[0-9a-f]{1,32}$/, ''))
}

/** The de-duplication ids of jobs. All platforms share the queues, so each id begins with the platform. */
export function onceIds(platform: string) {
  return {
    componentEvent: (eventId: string) => `${platform}.${eventId}`,
    /** `wanted`: an appid, or the id of the event that waits for the profile. */
    profile: (wanted: string) => `${platform}.profile.${wanted}`,
    /** Of the code of an event that was emitted already. */
    exchange: (eventId: string) => `${platform}.exchange.${eventId}`,
    releaseCheck: (eventId: string) => `${platform}.release-check.${eventId}`,
    sync: `${platform}.sync`,
    /** `replay` and `only` cause other deliveries of the same event, so each has an id of its own. */
    fanOut: ({ eventId, replay, only }: { eventId: string; replay?: string | undefined; only?: string | undefined }) =>
      only === undefined
        ? `${platform}.${deliveryId(eventId, replay)}`
        : `${platform}.${eventId}.${replay ?? ''}.${only}`,
  }
}

/** string '1', PX 60000: written by every readiness check, never read. */
export const READINESS_PROBE_KEY = 'wx:{health}:probe'

/**
 * string '1', PX 10000: written by a script on a platform's keys, under the hash tag of a queue or a stream, to see
 * whether it can. Read and removed at once.
 */
export const scriptProbeKey = (tag: string, id: string) => `wx:{${tag}}:script_probe:${id}`

/**
 * string '1', PX 1: written before each WAIT of REDIS_MIN_REPLICAS under the hash tag of the written key. Never read.
 */
export const replicaProbeKey = (key: string) => `wx:{${hashTag(key)}}:replica_probe`

/** string, MESSAGE_SHARDS of the first start. No TTL: the shard of each account depends on it. */
export const SHARD_COUNT_KEY = 'wx:{wx-messages}:shards'

/**
 * string `<MESSAGE_SHARDS> <ms>`: a copy of the number and of the end of UNSHARDED_KEY, read by processes that start
 * while the master of these is away. No TTL. Written with several inboxes by each start.
 */
export const shardCountCopyKey = (inbox: number) => `wx:${messageInbox(inbox)}:shards`

/**
 * string '1', PX the longer of DEDUPE_SECONDS and EVENT_LOG_SECONDS: MESSAGE_SHARDS was raised on an existing
 * installation, whose earlier events are all in shard 0.
 */
export const UNSHARDED_KEY = 'wx:{wx-messages}:unsharded'

/** string, JSON: waiting and running jobs of the gateway's own queues; PX 30000. Written and read by worker. */
export const QUEUE_FIGURES_KEY = 'wx:{wx-messages}:figures'
/** string '1', PX 9000: a worker gathered these figures in this period. */
export const QUEUE_GATHERING_KEY = 'wx:{wx-messages}:gathering'

/**
 * sorted set of workers by the millisecond of their last heartbeat, PX 60000. Written by worker, read by worker and
 * ingress.
 */
export const INBOX_WORKERS_KEY = 'wx:{wx-messages}:workers'

/** string '1', PX 60000: written by readiness checks with several inboxes, never read. */
export const inboxProbeKey = (index: number) => `wx:${messageInbox(index)}:probe`

/** string '1', PX 12 h and 10 min: the operator signed out of this console session. Written and read by ingress. */
export const endedConsoleSessionKey = (id: string) => `wx:{wx-console}:ended_session:${id}`

/**
 * stream of JSON, the last 10,000: changes, and reads of secrets or of users' content, by caller. Written and read by
 * ingress.
 */
export const AUDIT_KEY = 'wx:{wx-console}:audit'
/** stream of JSON, the last 1,000: calls of WeChat's APIs that WeChat refused. Written and read by ingress. */
export const REFUSED_API_CALLS_KEY = 'wx:{wx-console}:refused_api_calls'

export { type PlatformKeys, platformKeys } from './platform-keys.ts'
export { type ShardKeys, shardKeys } from './shard-keys.ts'
