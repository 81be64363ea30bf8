// Owns: choosing the inbox for the next job of messages: round robin over those that accept jobs. Events are claimed
// when a job runs, so a job in two inboxes does no harm.
import { within } from '@wxgw/wechat-core'
import { isAway } from '../batches.ts'
import { anyKeyOf } from '../bullmq-format/queue-keys.ts'
import type { RedisConnection } from '../connect.ts'
import { messageInbox } from '../keys.ts'
import { NO_OUTAGES, type MasterOutages } from '../replication/master-outages.ts'
import { masterNameOf } from '../replication/master-of-key.ts'
import type { ShardCount } from '../shards/shard-count.ts'
import { isRightMissing } from '../store-errors.ts'

export type InboxChoice = {
  /**
   * Resolves when one inbox has accepted a job. Calls `write` for one inbox after the other, each on another master,
   * and each call makes a new job. Rejects with the error of the last call.
   */
  put(write: (queue: string) => Promise<unknown>): Promise<void>
  /** The inboxes that did not take what was last offered to them. */
  leftOut(): readonly number[]
}

export type InboxChoiceDeps = {
  redis: RedisConnection
  count: Pick<ShardCount, 'get'>
  /** An inbox whose master is away is not tried while another one is there. */
  outages?: Pick<MasterOutages, 'isAway'>
  nowMs?: () => number
}

/** The time-out per inbox. A push has 1.2 s for Redis: after two masters that are away a third is still tried. */
const TIMEOUT_MS = 350
const MAX_TRIED = 3
/** How long an inbox is left out after a refusal. It doubles each time. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 8_000

type Left = { untilMs: number; pauseMs: number }

/** One per process, for all platforms. */
export function createInboxChoice(deps: InboxChoiceDeps): InboxChoice {
  const { redis, count, outages = NO_OUTAGES, nowMs = () => performance.now() } = deps
  const left = new Map<number, Left>()
  let latest = -1

  const untilOf = (index: number) => left.get(index)?.untilMs ?? -Infinity
  const keyAt = (index: number) => anyKeyOf(messageInbox(index))
  const masterAt = (index: number) => masterNameOf(redis, keyAt(index))

  /** When all are left out, the one whose pause ends first. */
  function next(refused: ReadonlySet<number>): number | undefined {
    const total = count.get()
    const now = nowMs()
    const all = Array.from({ length: total }, (_, step) => (latest + 1 + step) % total)
    const inTurn = all.filter((index) => !refused.has(index))
    const isThere = (index: number) => untilOf(index) <= now && !outages.isAway(keyAt(index))
    return inTurn.find(isThere) ?? inTurn.toSorted((one, other) => untilOf(one) - untilOf(other))[0]
  }

  /** A missing right concerns this inbox alone; every other error concerns all inboxes of its master. */
  function refusedWith(index: number, error: unknown): number[] {
    if (isRightMissing(error)) return [index]
    const master = masterAt(index)
    return Array.from({ length: count.get() }, (_, other) => other).filter((other) => masterAt(other) === master)
  }

  function leaveOut(index: number): void {
    const before = left.get(index)
    // Batches that were sent together count as one refusal.
    if (before !== undefined && before.untilMs > nowMs()) return
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS)
    left.set(index, { untilMs: nowMs() + pauseMs, pauseMs })
  }

  return {
    leftOut: () => [...left.keys()],

    async put(write) {
      if (count.get() === 1) return void (await write(messageInbox(0)))
      const refused = new Set<number>()
      const writes: Array<Promise<unknown>> = []
      let index = next(refused)
      for (let tried = 1; index !== undefined; tried += 1) {
        latest = index
        const writing = write(messageInbox(index))
        writes.push(writing)
        const outcome = await soon(writing)
        if (outcome === 'taken') return void left.delete(index)
        if (outcome !== 'late' && !isAway(outcome.error)) throw outcome.error
        for (const one of refusedWith(index, outcome === 'late' ? undefined : outcome.error)) {
          leaveOut(one)
          refused.add(one)
        }
        index = tried < MAX_TRIED ? next(refused) : undefined
      }
      // An earlier write that was late may still succeed.
      await Promise.any(writes).catch((all: unknown) => {
        throw all instanceof AggregateError ? all.errors.at(-1) : all
      })
    },
  }
}

async function soon(writing: Promise<unknown>): Promise<'taken' | 'late' | { error: unknown }> {
  const outcome = writing.then(
    () => 'taken' as const,
    (error: unknown) => ({ error }),
  )
  return (await within(TIMEOUT_MS, outcome)) ?? 'late'
}
