// Owns: that different things have different names in Redis, whatever their parts are, and that no platform has a
// word of the gateway's.
import {
  COMPONENT_EVENTS_QUEUE,
  deliveriesQueue,
  deliveryId,
  hashTag,
  INBOX_WORKERS_KEY,
  QUEUE_FIGURES_KEY,
  QUEUE_GATHERING_KEY,
  inboxProbeKey,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  onceIds,
  PLATFORM_EVENTS_QUEUE,
  platformKeys,
  type PlatformKeys,
  queueKey,
  endedConsoleSessionKey,
  READINESS_PROBE_KEY,
  replicaProbeKey,
  scriptProbeKey,
  laneKey,
  laneLeaseKey,
  waitingLanesKey,
  orderKey,
  orderPlacesKey,
  throttleKey,
  SHARD_COUNT_KEY,
  shardCountCopyKey,
  type ShardKeys,
  shardKeys,
  sinkQueue,
  sinkStream,
  UNSHARDED_KEY,
} from '@wxgw/redis'
import { isPlatformId, reservedPlatformId } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { projectText, sources } from '../../helpers/docs.ts'
import { someSubscriptions } from './name-parts.ts'

const SHARDS = [0, 1, 10, 63]
const INBOXES = SHARDS.map(messageInbox)
const OWN_QUEUES = [COMPONENT_EVENTS_QUEUE, PLATFORM_EVENTS_QUEUE, MESSAGES_QUEUE, ...INBOXES, MAINTENANCE_QUEUE]
const APP_IDS = ['wx0000000000000001', 'wxcomponent0000000']
const EVENT_IDS = ['ev_a', 'gw_00000000-0000', 'test-a', 'sync', 'profile', 'release-check', 'wx0000000000000001']
const REPLAYS = [undefined, 'r0', 'r1']
/** What may stand at the end of a BullMQ key beside jobs' ids. */
const WORDS = ['wait', 'active', 'id', 'meta', 'events', 'failed', 'ev_a:lock', 'de:ev_a']

/** A name, and what it is the name of. */
type Named = [name: string, what: unknown]

function assertDistinct(t: Test, named: Iterable<Named>): void {
  const known = new Map<string, string>()
  const clashes: string[] = []
  for (const [name, what] of named) {
    const text = JSON.stringify(what)
    const other = known.get(name)
    if (other !== undefined && other !== text) clashes.push(`${name} is ${other} and ${text}`)
    known.set(name, text)
  }
  t.same(clashes.slice(0, 5), [])
  t.ok(known.size > 1_000, `${known.size} names`)
}

function* keysOfPlatform(platform: string): Iterable<Named> {
  yield* keysOf(platformKeys(platform), [platform])
  for (const shard of SHARDS) yield* keysOf(shardKeys(platform, shard), [platform, String(shard)])
}

function* keysOf(keys: PlatformKeys | ShardKeys, owner: readonly string[]): Iterable<Named> {
  for (const [kind, key] of Object.entries(keys)) {
    if (typeof key === 'string') {
      yield [key, [kind, ...owner]]
      continue
    }
    const compose: (...parts: string[]) => string = key
    for (const part of [...APP_IDS, ...EVENT_IDS, 'component']) {
      if (key.length === 1) yield [compose(part), [kind, ...owner, part]]
      else for (const first of ['jsapi', 'wx_card']) yield [compose(first, part), [kind, ...owner, first, part]]
    }
  }
}

function* keysOfQueue(queue: string, owner: readonly string[]): Iterable<Named> {
  for (const what of [...WORDS, ...EVENT_IDS]) yield [queueKey(queue, what), [...owner, what]]
  yield [scriptProbeKey(hashTag(queue), 'a'), ['script probe', ...owner]]
  yield [replicaProbeKey(queueKey(queue, 'wait')), ['replica probe', ...owner]]
}

function* keysOfLane(shard: number, lane: { platform: string; account: string }): Iterable<Named> {
  yield [laneKey(shard, lane), ['lane', shard, lane]]
  yield [laneLeaseKey(shard, lane), ['lease of a lane', shard, lane]]
}

function* allKeys(): Iterable<Named> {
  yield [READINESS_PROBE_KEY, 'readiness']
  yield [endedConsoleSessionKey('a'), ['ended session', 'a']]
  for (const key of [SHARD_COUNT_KEY, UNSHARDED_KEY, INBOX_WORKERS_KEY, QUEUE_FIGURES_KEY, QUEUE_GATHERING_KEY])
    yield [key, ['of all inboxes', key]]
  for (const shard of SHARDS) yield [inboxProbeKey(shard), ['inbox probe', shard]]
  for (const shard of SHARDS) yield [shardCountCopyKey(shard), ['number of shards', shard]]
  for (const shard of SHARDS) yield [waitingLanesKey(shard), ['lanes', shard]]
  for (const queue of OWN_QUEUES) yield* keysOfQueue(queue, [queue])
  for (const [platform, subscription] of someSubscriptions()) {
    yield* keysOfPlatform(platform)
    yield [replicaProbeKey(platformKeys(platform).ticket), ['replica probe', platform]]
    const stream = sinkStream(platform, subscription)
    yield [stream, ['stream', platform, subscription]]
    yield [scriptProbeKey(hashTag(stream), 'a'), ['script probe', 'stream', platform, subscription]]
    yield [throttleKey(platform, subscription), ['throttle', platform, subscription]]
    yield [orderKey(platform, subscription), ['order', platform, subscription]]
    yield [orderPlacesKey(platform, subscription), ['order places', platform, subscription]]
    for (const shard of SHARDS) yield* keysOfLane(shard, { platform, account: 'wx00000000000000a1' })
    yield [replicaProbeKey(stream), ['replica probe', 'stream', platform, subscription]]
    yield* keysOfQueue(sinkQueue(platform, subscription), ['queue', platform, subscription])
    yield* keysOfQueue(deliveriesQueue(platform, subscription), ['deliveries', platform, subscription])
  }
}

void t.test('no key, queue, stream, channel or lock of one thing is that of another', async (t) => {
  assertDistinct(t, allKeys())
})

void t.test('no id that de-duplicates jobs of one thing is that of another in the same queue', async (t) => {
  const platforms = new Set([...someSubscriptions()].map(([platform]) => platform))
  function* controlPlane(): Iterable<Named> {
    for (const platform of platforms) {
      const once = onceIds(platform)
      for (const id of EVENT_IDS) {
        yield [once.componentEvent(id), ['component event', platform, id]]
        yield [once.releaseCheck(id), ['release check', platform, id]]
        yield [once.exchange(id), ['exchange', platform, id]]
        yield [once.profile(id), ['profile', platform, id]]
      }
    }
  }
  function* fanOuts(): Iterable<Named> {
    for (const [platform, only] of someSubscriptions()) {
      for (const eventId of EVENT_IDS) {
        for (const replay of REPLAYS) {
          const { fanOut } = onceIds(platform)
          yield [fanOut({ eventId, replay }), [platform, eventId, replay]]
          yield [fanOut({ eventId, replay, only }), [platform, eventId, replay, only]]
        }
      }
    }
  }
  assertDistinct(t, controlPlane())
  assertDistinct(t, fanOuts())
  const deliveries = EVENT_IDS.flatMap((eventId) => REPLAYS.map((replay) => deliveryId(eventId, replay)))
  t.equal(new Set(deliveries).size, deliveries.length)
})

void t.test('names have what BullMQ, Redis Cluster and ACL patterns want', async (t) => {
  for (const [platform, subscription] of [
    ['open1', 'crm'],
    ['a', '0'],
  ] as const) {
    const queues = [sinkQueue(platform, subscription), deliveriesQueue(platform, subscription)]
    for (const queue of queues) t.match(queue, /^\{[^:{}*?[\]\\]+\}$/)
    t.match(sinkStream(platform, subscription), /^wx:\{[^:{}*?[\]\\]+\}$/)
  }
  t.equal(sinkQueue('open1', 'crm'), '{wx-queue.open1.crm}')
  t.equal(deliveriesQueue('open1', 'crm'), '{wx-deliveries.open1.crm}')
  t.equal(sinkStream('open1', 'crm'), 'wx:{stream.open1.crm}')
})

void t.test('names are composed in the files of keys alone', async (t) => {
  const composers = sources().filter((path) => /['"`](?:wx:|bull:|\{wx-)/.test(projectText(path)))
  // What is reserved is written out there, and composes nothing.
  const reserved = 'packages/wechat-core/src/platform-id.ts'
  const composing = ['keys.ts', 'platform-keys.ts', 'shard-keys.ts', 'old-names/old-names.ts'].map(
    (name) => `packages/redis/src/${name}`,
  )
  t.same(new Set(composers), new Set([...composing, reserved]))
})

void t.test("a word of the gateway's own names is no platform's id", async (t) => {
  const firstWords = [...allKeys()].map(([name]) => /\{([^.}]+)[.}]/.exec(name)?.[1] ?? '')
  const ofPlatforms = new Set([...someSubscriptions()].map(([platform]) => platform))
  const own = new Set(firstWords.filter((word) => !ofPlatforms.has(word)))
  t.ok(own.has('stream') && own.has('wx-queue') && own.has('health') && own.has('wx-messages'))
  for (const word of own) t.ok(reservedPlatformId(word), word)
  // {wx-<platform>-<subscription>} was a consumer's queue.
  for (const queue of OWN_QUEUES) t.ok(reservedPlatformId(queue.slice('{wx-'.length).split(/[-.}]/)[0] ?? ''), queue)
  for (const id of ['deliveries', 'deliveries-open1', 'deliveries-x-y']) t.ok(reservedPlatformId(id), id)
  for (const id of ['open1', 'components', 'platform-2', 'wx', 'wx-open', 'stream1', 'a']) {
    t.ok(isPlatformId(id), id)
    t.equal(reservedPlatformId(id), undefined, id)
  }
})
