// Owns: the number of shards of an installation: written at its first start, the same for every process after that.
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { queueKey, messageInbox, MESSAGES_QUEUE, SHARD_COUNT_KEY, UNSHARDED_KEY } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'

export const MOST_SHARDS = 64

export type ShardCount = {
  /** Throws STORE_UNAVAILABLE (retry) until it is known to be that of the installation. */
  get(): number
  /** Resolves when it is known; never, if this process has another one. */
  known: Promise<number>
  /** The installation was begun without shards, and what came before may come again or is under way. */
  hasEventsOfBefore(): boolean
}

export type SettledShardCount = ShardCount & {
  /**
   * Writes it down when nobody has. Answers what the installation has: when that is another number, this process must
   * not go on. Rejects with STORE_UNAVAILABLE. Safe to repeat: a Redis that was emptied has it again then.
   */
  settle(): Promise<number>
}

export type ShardCountDeps = {
  redis: RedisConnection
  /** MESSAGE_SHARDS. */
  configured: number
  /** Keys that an installation of before has, of each platform. */
  marks: readonly string[]
  /** How long what came before may come again. */
  rememberedSeconds: number
  nowMs?: () => number
}

/** One shard, of which nothing has to be known. */
export const UNSHARDED: ShardCount = { get: () => 1, known: Promise.resolve(1), hasEventsOfBefore: () => false }

const settleCount = defineScript({
  name: 'shards/settle-count',
  keys: ['count', 'before'],
  args: ['configured', 'rememberedMs'],
})

export function createShardCount(deps: ShardCountDeps): SettledShardCount {
  const { redis, configured, marks, rememberedSeconds, nowMs = Date.now } = deps
  let isKnown = false
  let beforeUntilMs = 0
  let resolveKnown: (count: number) => void = () => undefined
  const known = new Promise<number>((resolve) => {
    resolveKnown = resolve
  })

  /** Asked before the count is written: no process of this version has begun its work then. */
  async function isOlder(): Promise<boolean> {
    if (configured === 1) return false
    const ofQueues = [MESSAGES_QUEUE, messageInbox(0)].map((queue) => queueKey(queue, 'id'))
    const found = await Promise.all([...marks, ...ofQueues].map((key) => redis.exists(key)))
    return found.includes(1)
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
        const rememberedMs = (await isOlder()) ? rememberedSeconds * 1000 : ''
        const places = { count: SHARD_COUNT_KEY, before: UNSHARDED_KEY }
        const answer = await settleCount(redis, { ...places, configured, rememberedMs })
        const [count, leftMs] = Array.isArray(answer) ? answer.map(Number) : []
        if (count === undefined || !Number.isInteger(count))
          throw new GatewayError('INTERNAL', 'the number of shards in Redis is none')
        beforeUntilMs = nowMs() + Math.max(leftMs ?? 0, 0)
        isKnown = count === configured
        if (isKnown) resolveKnown(count)
        return count
      }),
  }
}
