// Owns: the number of shards of an installation: written at its first start, and the same for all processes.
import { GatewayError } from '@wxgw/wechat-core'
import { isAway } from '../batches.ts'
import { counterKey } from '../bullmq-format/queue-keys.ts'
import type { RedisConnection } from '../connect.ts'
import { messageInbox, MESSAGES_QUEUE, SHARD_COUNT_KEY, shardCountCopyKey, UNSHARDED_KEY } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'

export const MAX_SHARDS = 64

export type ShardCount = {
  /** Throws STORE_UNAVAILABLE (retry) until it was checked against Redis. */
  get(): number
  /** Resolves when it is known. Never resolves if this process is configured with another number. */
  known: Promise<number>
  /** The installation began without shards, and pushes of that time may still be repeated or in a queue. */
  hasEventsOfBefore(): boolean
}

export type SettledShardCount = ShardCount & {
  /**
   * Writes the number if there is none. Answers the installation's number: if it differs, this process must stop.
   * Rejects with STORE_UNAVAILABLE. A repeat restores the number in an emptied Redis. While the master of the number
   * is away, a copy on another one that agrees with MESSAGE_SHARDS is enough.
   */
  settle(): Promise<number>
}

export type ShardCountDeps = {
  redis: RedisConnection
  /** MESSAGE_SHARDS. */
  configured: number
  /** A key of each platform that exists in an installation of an earlier version. */
  marks: readonly string[]
  /** How long earlier pushes may be repeated. */
  rememberedSeconds: number
  nowMs?: () => number
}

/** `beforeUntilMs`: as long as that shard 0 is searched for events of earlier versions. */
type Settled = { count: number; beforeUntilMs: number }

/** A fixed count of one shard, which needs no check. */
export const UNSHARDED: ShardCount = { get: () => 1, known: Promise.resolve(1), hasEventsOfBefore: () => false }

const settleCount = defineScript({
  name: 'shards/settle-count',
  keys: ['count', 'before'],
  args: ['configured', 'rememberedMs'],
})

export function createShardCount(deps: ShardCountDeps): SettledShardCount {
  const { redis, configured, marks, rememberedSeconds, nowMs = Date.now } = deps
  const copyKeys = configured === 1 ? [] : Array.from({ length: configured }, (_, inbox) => shardCountCopyKey(inbox))
  let isKnown = false
  let beforeUntilMs = 0
  let resolveKnown: (count: number) => void = () => undefined
  const known = new Promise<number>((resolve) => {
    resolveKnown = resolve
  })

  /** Checked before the count is written: until then no process of this version runs jobs. */
  async function isOlder(): Promise<boolean> {
    if (configured === 1) return false
    const ofQueues = [MESSAGES_QUEUE, messageInbox(0)].map(counterKey)
    const found = await Promise.all([...marks, ...ofQueues].map((key) => redis.exists(key)))
    return found.includes(1)
  }

  async function settleAtMaster(): Promise<Settled> {
    const rememberedMs = (await isOlder()) ? rememberedSeconds * 1000 : ''
    const places = { count: SHARD_COUNT_KEY, before: UNSHARDED_KEY }
    const answer = await settleCount(redis, { ...places, configured, rememberedMs })
    const [count = NaN, leftMs = 0] = Array.isArray(answer) ? answer.map(Number) : []
    if (!Number.isInteger(count) || count < 1 || count > MAX_SHARDS)
      throw new GatewayError('INTERNAL', `${SHARD_COUNT_KEY} holds no number of shards`)
    return { count, beforeUntilMs: nowMs() + Math.max(leftMs, 0) }
  }

  /** Never rejects: the next start writes the missing ones. */
  async function writeCopies(settled: Settled): Promise<void> {
    const copy = `${settled.count} ${settled.beforeUntilMs}`
    await Promise.allSettled(copyKeys.map((key) => redis.set(key, copy)))
  }

  /** Another number in a copy proves nothing: it may be older than the installation. */
  async function readCopy(): Promise<Settled> {
    return Promise.any(
      copyKeys.map(async (key) => {
        const [count, beforeUntilMs = NaN] = ((await redis.get(key)) ?? '').split(' ').map(Number)
        if (count !== configured || Number.isNaN(beforeUntilMs)) throw new Error('no copy of this number')
        return { count, beforeUntilMs }
      }),
    )
  }

  async function settleSomewhere(): Promise<Settled> {
    try {
      const settled = await settleAtMaster()
      if (settled.count === configured) void writeCopies(settled)
      return settled
    } catch (error) {
      if (!isAway(error)) throw error
      return readCopy().catch(() => {
        throw error
      })
    }
  }

  return {
    known,
    get() {
      if (isKnown) return configured
      throw new GatewayError('STORE_UNAVAILABLE', 'the number of shards is not known yet', {
        retry: true,
        retryAfterSeconds: 1,
      })
    },
    hasEventsOfBefore: () => nowMs() < beforeUntilMs,
    settle: () =>
      guardStore(async () => {
        const settled = await settleSomewhere()
        beforeUntilMs = settled.beforeUntilMs
        isKnown = settled.count === configured
        if (isKnown) resolveKnown(configured)
        return settled.count
      }),
  }
}
