// Owns: refusing pushes while Redis is nearly full: at maxmemory workers cannot take jobs either (measured).
// Polls Redis' memory once a second, never per push.
import { type Log, type Metrics, repeat } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'

/** Share of `maxmemory`. The rest is kept for tickets and authorizations, which are few. */
const MESSAGES_LIMIT = 0.75
const CONTROL_LIMIT = 0.9
const SAMPLE_EVERY_MS = 1_000

export type MemoryWatermark = {
  /** Throws STORE_UNAVAILABLE from 75 % on for messages and replays, from 90 % on for everything. */
  assertRoomFor(kind: 'messages' | 'control'): void
  stop(): Promise<void>
}

type MemoryWatermarkDeps = {
  /**
   * The used share of `maxmemory`; 0 without a limit. After a rejection the last value stays: an unavailable Redis
   * refuses pushes itself.
   */
  memoryShare(): Promise<number>
  metrics?: Metrics | undefined
  log: Log
}

export function startMemoryWatermark({ memoryShare, metrics, log }: MemoryWatermarkDeps): MemoryWatermark {
  let share = 0
  metrics?.gauge({
    name: 'wxgw_redis_memory_share',
    help: 'used_memory of Redis as a share of maxmemory, 0 without a limit; messages are refused from 0.75, all pushes from 0.9',
    collect: (gauge) => gauge.set(share),
  })
  const sampling = repeat({ firstMs: 0, everyMs: SAMPLE_EVERY_MS }, async () => {
    const before = share
    share = await memoryShare().catch(() => before)
    if (before < MESSAGES_LIMIT && share >= MESSAGES_LIMIT) log.error({ share: rounded(share) }, 'redis.memory_high')
    if (before >= MESSAGES_LIMIT && share < MESSAGES_LIMIT) log.info({ share: rounded(share) }, 'redis.memory_well')
  })

  return {
    assertRoomFor(kind) {
      if (share < (kind === 'messages' ? MESSAGES_LIMIT : CONTROL_LIMIT)) return
      throw new GatewayError('STORE_UNAVAILABLE', 'the store is nearly full', { retry: true })
    },
    stop: () => sampling.stop(),
  }
}

function rounded(share: number): number {
  return Math.round(share * 100) / 100
}
