// Owns: a cache of the newest entries of one shard's feed, shared by all followers of the process.
import type { RedisConnection } from '../connect.ts'
import type { MessageShard } from '../shards/message-shards.ts'
import { endOfFeed, type FeedEntry, type FeedId, isBefore, isSame, readAfter } from './feed-shard.ts'

/** `isEvent` false: no entry, only a newer position. */
export type TailStep = FeedEntry & { isEvent: boolean }

export type FeedTail = {
  /** Reads new entries. `more`: there are more than one read returns. Rejects with the driver's error. */
  poll(): Promise<'none' | 'some' | 'more'>
  /** The cached entries after this one. undefined: the cache begins later or is invalid, so Redis must be read. */
  after(id: FeedId, generation: number): readonly TailStep[] | undefined
  /** It changes when entries were lost: then each follower must read from Redis once. */
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
    const { nowMs, isWhole, isBegun, resumeAt, entries, hasMore } = await readAfter(redis, shard, before)
    const moveTo = (id: FeedId) => append({ id, event: undefined, body: '', isEvent: false })
    // The feed expired because nothing was recorded for its whole life. The last poll was recent, so nothing is lost.
    const isExpired =
      isBegun && before.ms <= nowMs - eventLogSeconds * 1000 && Date.now() - checkedAtMs < eventLogSeconds * 1000
    checkedAtMs = Date.now()
    if (!isWhole && isExpired) moveTo(resumeAt)
    else if (!isWhole) {
      generation += 1
      beginAt(resumeAt)
    }
    for (const entry of entries) append({ ...entry, isEvent: true })
    // The position in an empty feed is a time, which must not become older than the log.
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
