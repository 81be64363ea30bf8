// Owns: the number of shards of an installation: written at its first start, the same for every process after that.
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { queueKey, messageInbox, MESSAGES_QUEUE, SHARD_COUNT_KEY, UNSHARDED_KEY } from '../keys.ts'
import { runScript, script } from '../script.ts'
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

/**
 * KEYS: count, events of before
 * ARGV: count, ms for which events of before are looked for, '' = there are none
 * -> the count of the installation, ms for which events of before are looked for
 */
const settleCount = script(`
local known = redis.call('GET', KEYS[1])
if not known then
  redis.call('SET', KEYS[1], ARGV[1])
  if ARGV[2] ~= '' then redis.call('SET', KEYS[2], '1', 'PX', ARGV[2]) end
end
return {known or ARGV[1], redis.call('PTTL', KEYS[2])}
`)

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
      throw new GatewayError('STORE_UNAVAILABLE', 'the number of shards is not known yet', { retry: true, retryAfterSeconds: 1 })
    },
    hasEventsOfBefore: () => nowMs() < beforeUntilMs,
    settle: () =>
      guardStore(async () => {
        const args = [configured, (await isOlder()) ? rememberedSeconds * 1000 : '']
        const answer = await runScript(redis, settleCount, { keys: [SHARD_COUNT_KEY, UNSHARDED_KEY], args })
        const [count, leftMs] = Array.isArray(answer) ? answer.map(Number) : []
        if (count === undefined || !Number.isInteger(count)) throw new GatewayError('INTERNAL', 'the number of shards in Redis is none')
        beforeUntilMs = nowMs() + Math.max(leftMs ?? 0, 0)
        isKnown = count === configured
        if (isKnown) resolveKnown(count)
        return count
      }),
  }
}
