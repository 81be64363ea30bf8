// Owns: following the events that are recorded in all shards of the log, from any position that the log still has.
// Events are not repeated, and lost ones are reported as a gap. A position is the last read entry of each shard.
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { endOfFeed, type FeedId, readAfter } from './feed-shard.ts'
import { createFeedTail, type FeedTail, type TailStep } from './feed-tail.ts'

export type { FeedId } from './feed-shard.ts'

/** The last read entry of each shard, in their order. */
export type FeedPosition = readonly FeedId[]

/** `position`: where to resume after this step. */
export type FeedStep = { position: FeedPosition } & (
  | { kind: 'event'; event: GatewayEvent; body: string }
  /** Recorded events are lost to this follower; from `fromMs` on it gets all. */
  | { kind: 'gap'; fromMs: number }
  /** No event. The position may have changed. */
  | { kind: 'quiet' }
)

export type EventFeed = {
  /** The position after all events that are recorded now. */
  end(): Promise<FeedPosition>
  /**
   * All events that are recorded after the position. It ends only with the signal, and yields `quiet` twice a second
   * while there are none. Memory: one read of one shard per follower; the newest entries are shared by all followers.
   * Rejects with STORE_UNAVAILABLE when the next entries must be read from a Redis that is away.
   */
  follow(from: FeedPosition, signal: AbortSignal): AsyncGenerator<FeedStep, void>
  readonly shardCount: number
}

export type EventFeedDeps = {
  redis: RedisConnection
  shards: Pick<MessageShards, 'all'>
  eventLogSeconds: number
  onError: (error: unknown) => void
}

const POLL_MS = 100
const QUIET_MS = 500
/** Of all shards together. */
const MAX_TAIL_BYTES = 4 * 1024 * 1024

export function createEventFeed({ redis, shards, eventLogSeconds, onError }: EventFeedDeps): EventFeed {
  const all = () => shards.all()
  let tails: FeedTail[] = []
  let followers = 0
  let isReading = false
  const waiting = new Set<() => void>()

  function tailAt(shard: MessageShard): FeedTail {
    const known = tails[shard.index]
    if (known) return known
    const maxBytes = MAX_TAIL_BYTES / all().length
    const tail = createFeedTail({ redis, shard, eventLogSeconds, maxBytes })
    tails[shard.index] = tail
    return tail
  }

  async function poll(shard: MessageShard): Promise<'none' | 'some' | 'more'> {
    try {
      return await tailAt(shard).poll()
    } catch (error) {
      onError(error)
      return 'none'
    }
  }

  /** Polls for all followers, as long as there are any. Never rejects. */
  async function readTails(): Promise<void> {
    isReading = true
    while (followers > 0) {
      const found = await Promise.all(all().map(poll))
      if (found.some((what) => what !== 'none')) for (const wake of waiting) wake()
      await delay(found.includes('more') ? 0 : POLL_MS)
    }
    tails = []
    isReading = false
  }

  function grown(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(done, QUIET_MS)
      waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }

  type Place = { at: FeedId; generation: number; isResumed: boolean }
  type Found = { steps: readonly TailStep[]; gapFromMs: number | undefined }

  /** From Redis, which shows whether the entry of the place still exists. */
  async function readPlace(shard: MessageShard, place: Place): Promise<Found> {
    const tail = tailAt(shard)
    const { generation } = tail
    const { nowMs, isThere, isWhole, resumeAt, entries } = await readAfter(redis, shard, place.at)
    const isOld = place.isResumed && place.at.ms < nowMs - eventLogSeconds * 1000
    const isKnown = isWhole && (isThere || !isOld)
    place.generation = generation
    place.isResumed = false
    const steps = entries.map((entry) => ({ ...entry, isEvent: true }))
    if (isKnown) return { steps, gapFromMs: undefined }
    place.at = resumeAt
    return { steps, gapFromMs: entries[0]?.id.ms ?? nowMs }
  }

  async function nextOf(shard: MessageShard, place: Place): Promise<Found> {
    const steps = place.isResumed ? undefined : tailAt(shard).after(place.at, place.generation)
    return steps === undefined ? readPlace(shard, place) : { steps, gapFromMs: undefined }
  }

  async function* follow(from: FeedPosition, signal: AbortSignal): AsyncGenerator<FeedStep, void> {
    const places: Place[] = from.map((at) => ({ at, generation: -1, isResumed: true }))
    const position = () => places.map(({ at }) => at)
    followers += 1
    if (!isReading) void readTails()
    try {
      while (!signal.aborted) {
        let isQuiet = true
        for (const shard of all()) {
          const place = places[shard.index]
          if (place === undefined) throw new Error('a position has a place for each shard')
          const { steps, gapFromMs } = await guardStore(() => nextOf(shard, place))
          if (gapFromMs !== undefined) yield { kind: 'gap', fromMs: gapFromMs, position: position() }
          for (const [index, { id, event, body, isEvent }] of steps.entries()) {
            if (signal.aborted) return
            place.at = id
            isQuiet = false
            if (event !== undefined) yield { kind: 'event', event, body, position: position() }
            // Several lost entries in a row are one gap.
            else if (isEvent && !isLost(steps[index + 1])) yield { kind: 'gap', fromMs: id.ms, position: position() }
          }
        }
        if (isQuiet) await grown(signal)
        yield { kind: 'quiet', position: position() }
      }
    } finally {
      followers -= 1
    }
  }

  return {
    end: () => guardStore(() => Promise.all(all().map((shard) => endOfFeed(redis, shard)))),
    follow,
    get shardCount() {
      return all().length
    },
  }
}

function isLost(step: TailStep | undefined): boolean {
  return step !== undefined && step.isEvent && step.event === undefined
}
