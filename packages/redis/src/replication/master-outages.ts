// Owns: a circuit breaker per master of a cluster: while a master is away, calls are refused at once, except one per
// second that tries it.
import { GatewayError, inTime } from '@wxgw/wechat-core'
import { isAway } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { isRightMissing } from '../store-errors.ts'
import { masterNameOf } from './master-of-key.ts'

export type MasterOutages = {
  /**
   * Rejects as `command`, or with STORE_UNAVAILABLE (retry) without running it, or when there is no answer after
   * `lateMs`. With a single Redis it always runs the command and waits.
   */
  run<T>(key: string, command: () => Promise<T>, lateMs?: number): Promise<T>
  /** Whether the last command to the key's master failed, less than a second ago. */
  isAway(key: string): boolean
}

export const NO_OUTAGES: MasterOutages = { run: (_key, command) => command(), isAway: () => false }

const TRIED_EVERY_MS = 1_000

const late = () => new GatewayError('STORE_UNAVAILABLE', 'the master of the slot is late', { retry: true })

export function createMasterOutages(
  redis: RedisConnection,
  nowMs: () => number = () => performance.now(),
): MasterOutages {
  const tryAgainAtMs = new Map<string, number>()

  return {
    isAway: (key) => nowMs() < (tryAgainAtMs.get(masterNameOf(redis, key) ?? '') ?? 0),

    async run(key, command, lateMs) {
      const master = masterNameOf(redis, key)
      if (master === undefined) return command()
      const dueMs = tryAgainAtMs.get(master)
      if (dueMs !== undefined) {
        if (nowMs() < dueMs)
          throw new GatewayError('STORE_UNAVAILABLE', 'the master of the slot is away', { retry: true })
        tryAgainAtMs.set(master, nowMs() + TRIED_EVERY_MS)
      }
      try {
        const answer = await (lateMs === undefined ? command() : inTime(lateMs, command(), late))
        tryAgainAtMs.delete(master)
        return answer
      } catch (error) {
        // A missing right concerns one key, not the master.
        if (isAway(error) && !isRightMissing(error)) tryAgainAtMs.set(master, nowMs() + TRIED_EVERY_MS)
        throw error
      }
    },
  }
}
