// Owns: reading the feed of one shard after an entry, and detecting lost entries in between.
import type { GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import type { MessageShard } from '../shards/message-shards.ts'
import { parseEvent } from './logged-event.ts'

/** The id of an entry. `number` 0: the feed had no entry at `ms`. */
export type FeedId = { ms: number; number: number }

/** `event` undefined: the log does not have it any more. `body`: the event as JSON. */
export type FeedEntry = { id: FeedId; event: GatewayEvent | undefined; body: string }

type FeedRead = {
  nowMs: number
  /** Whether the entry still exists. */
  isThere: boolean
  /** No entry after it was lost: all are in `entries`, or follow later. */
  isWhole: boolean
  /** The feed is empty, or has its first entry: none was trimmed. */
  isBegun: boolean
  /** Where to resume if entries were lost: none after it is missing. */
  resumeAt: FeedId
  entries: readonly FeedEntry[]
  /** There are more entries than one read returns. */
  hasMore: boolean
}

/** Of one read. A single event may be larger. */
const MAX_FEED_BYTES = 256 * 1024
const MAX_ENTRIES = 200

const readFeed = defineScript({
  name: 'event-log/read-feed',
  keys: ['feed', 'feedEnd'],
  args: ['after', 'afterNumber', 'limit', 'maxBytes', 'eventPrefix'],
})

/** The last entry. */
export async function endOfFeed(redis: RedisConnection, shard: MessageShard): Promise<FeedId> {
  const { ended, nowMs } = await read(redis, shard, { after: '', number: '' })
  return ended ?? { ms: nowMs, number: 0 }
}

export async function readAfter(redis: RedisConnection, shard: MessageShard, after: FeedId): Promise<FeedRead> {
  const { nowMs, ended, isThere, first, entries } = await read(redis, shard, {
    after: formatId(after),
    number: String(after.number),
  })
  const follows = first === undefined ? after.number === 0 : first.number === after.number + 1 && first.ms >= after.ms
  const [next] = entries
  const last = entries.at(-1)?.id
  const before = next && { ms: next.id.ms, number: next.id.number - 1 }
  return {
    nowMs,
    isThere,
    isWhole: isThere || follows,
    isBegun: first === undefined || first.number === 1,
    resumeAt: before ?? ended ?? { ms: nowMs, number: 0 },
    entries,
    hasMore: last !== undefined && ended !== undefined && isBefore(last, ended),
  }
}

export function isSame(left: FeedId, right: FeedId): boolean {
  return left.ms === right.ms && left.number === right.number
}

export function isBefore(left: FeedId, right: FeedId): boolean {
  return left.ms < right.ms || (left.ms === right.ms && left.number < right.number)
}

type Answer = {
  nowMs: number
  ended: FeedId | undefined
  isThere: boolean
  first: FeedId | undefined
  entries: FeedEntry[]
}

type Start = { after: string; number: string }

async function read(redis: RedisConnection, shard: MessageShard, { after, number }: Start): Promise<Answer> {
  const answer = await readFeed(redis, {
    feed: shard.feed,
    feedEnd: shard.feedEnd,
    after,
    afterNumber: number,
    limit: MAX_ENTRIES,
    maxBytes: MAX_FEED_BYTES,
    eventPrefix: shard.event(''),
  })
  const [nowMs, ended, isThere, first, ...flat] = Array.isArray(answer) ? answer.map(String) : []
  const entries: FeedEntry[] = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const id = parseId(flat[index])
    const body = flat[index + 1] ?? ''
    if (id) entries.push({ id, body, event: body === '' ? undefined : parseEvent(body) })
  }
  return { nowMs: Number(nowMs), ended: parseId(ended), isThere: isThere === '1', first: parseId(first), entries }
}

function formatId({ ms, number }: FeedId): string {
  return `${ms}-${number}`
}

function parseId(text: string | undefined): FeedId | undefined {
  const [, ms, number] = /^(\d+)-(\d+)$/.exec(text ?? '') ?? []
  return ms === undefined ? undefined : { ms: Number(ms), number: Number(number) }
}
