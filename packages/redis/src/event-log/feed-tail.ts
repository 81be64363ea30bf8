// Owns: the newest entries of one shard's feed, in memory: read once by a process, however many follow it.
import type { RedisConnection } from '../connect.ts'
import type { MessageShard } from '../shards/message-shards.ts'
import { endOfFeed, type FeedEntry, type FeedId, isBefore, isSame, readAfter } from './feed-shard.ts'

/** `isEvent` false: nothing was recorded, the position moves on by itself. */
export type TailStep = FeedEntry & { isEvent: boolean }

export type FeedTail = {
  /** Reads what is new: `some`, and perhaps `more` is left. Rejects as Redis does. */
  poll(): Promise<'none' | 'some' | 'more'>
  /** What follows, from memory. undefined: memory does not reach so far back, or cannot be trusted: ask Redis. */
  after(id: FeedId, generation: number): readonly TailStep[] | undefined
  /** Another number than before: something was lost, and positions have to be looked at in Redis. */
  readonly generation: number
}

type FeedTailDeps = { redis: RedisConnection; shard: MessageShard; eventLogSeconds: number; maxBytes: number }

const MAX_STEPS = 2_000
const MOVE_ON_MS = 60_000

export function createFeedTail({ redis, shard, eventLogSeconds, maxBytes }: FeedTailDeps): FeedTail {
  const moveOnMs = Math.min(MOVE_ON_MS, eventLogSeconds * 250)
  let steps: TailStep[] = []
  let bytes = 0
  let start: FeedId | undefined
  let end: FeedId | undefined
  let checkedAtMs = 0
  let generation = 0

  function append(step: TailStep): void {
    steps.push(step)
    bytes += step.body.length
    end = step.id
  }

  function forgetOldest(): void {
    let forgotten = 0
    for (; steps.length - forgotten > MAX_STEPS || bytes > maxBytes; forgotten += 1) {
      bytes -= steps[forgotten]?.body.length ?? 0
      start = steps[forgotten]?.id
    }
    steps = steps.slice(forgotten)
  }

  function beginAt(id: FeedId): void {
    steps = []
    bytes = 0
    start = id
    end = id
  }

  async function poll(): Promise<'none' | 'some' | 'more'> {
    if (end === undefined) {
      beginAt(await endOfFeed(redis, shard))
      checkedAtMs = Date.now()
      return 'some'
    }
    const before = end
    const { nowMs, isWhole, isBegun, goOn, entries, hasMore } = await readAfter(redis, shard, before)
    const moveTo = (id: FeedId) => append({ id, event: undefined, body: '', isEvent: false })
    // Looked at a moment ago, and everything since is there: the feed had been quiet for so long that it expired.
    const isExpired =
      isBegun && before.ms <= nowMs - eventLogSeconds * 1000 && Date.now() - checkedAtMs < eventLogSeconds * 1000
    checkedAtMs = Date.now()
    if (!isWhole && isExpired) moveTo(goOn)
    else if (!isWhole) {
      generation += 1
      beginAt(goOn)
    }
    for (const entry of entries) append({ ...entry, isEvent: true })
    // Where nothing was ever recorded, the place is a time, and must not grow old.
    if (isWhole && isBegun && entries.length === 0 && before.number === 0 && nowMs - before.ms > moveOnMs) {
      moveTo({ ms: nowMs, number: 0 })
    }
    forgetOldest()
    if (hasMore) return 'more'
    return isWhole && entries.length === 0 ? 'none' : 'some'
  }

  return {
    poll,
    get generation() {
      return generation
    },
    after(id, known) {
      if (start === undefined || end === undefined || known !== generation || isBefore(id, start)) return undefined
      if (isSame(id, end) || isBefore(end, id)) return []
      return steps.slice(firstAfter(steps, id))
    },
  }
}

function firstAfter(steps: readonly TailStep[], id: FeedId): number {
  let [low, high] = [0, steps.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const step = steps[middle]
    if (step && isBefore(id, step.id)) high = middle
    else low = middle + 1
  }
  return low
}
