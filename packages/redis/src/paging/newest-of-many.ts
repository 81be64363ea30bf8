// Owns: reading many sorted sets as if they were one, from the highest score down (a k-way merge). The first read costs
// one command per set, later ones only what is returned. Sets of several hash tags are read concurrently.
import type { RedisConnection } from '../connect.ts'
import { cutByWeight } from './cut-by-weight.ts'
import { type Found, isAfter, type NewestFirst, type Position, type Range, toPositions } from './newest-first.ts'
import { defineScript } from '../lua/define-script.ts'

/** One set. `waiting`: entries that were read and not returned yet, newest first. */
type Stream = {
  place: number
  name: string
  waiting: Position[]
  last: Position | undefined
  batch: number
  isOver: boolean
}

/** Entries or sets that one call reads: Redis serves no other command meanwhile (measured: 1 µs each). */
const MAX_BATCH = 500

const readHeads = defineScript({
  name: 'paging/read-heads',
  keys: ['tagged'],
  args: ['prefix', 'minScore'],
  eachArgs: ['max', 'count', 'names'],
})

/** Sets with the keys `prefix` + name. Names have no blank; the keys share a hash tag. */
export type Sets = { prefix: string; names: readonly string[] }

type HeadRead = { max: string | number; count: number; names: string }

/** `all`: one element per hash tag. The `place` of an entry is its index. */
export function walkMany(redis: RedisConnection, all: readonly Sets[], range: Omit<Range, 'key'>): NewestFirst {
  const { after, minScore = '-inf', maxScore = Infinity } = range
  /** The sets with waiting entries, sorted by their newest one, ascending. undefined before the first read. */
  let streams: Stream[] | undefined

  const highest = (last: Position | undefined) => scoreText(Math.min(last?.score ?? Infinity, maxScore))

  async function readGroups(
    { prefix, names }: Sets,
    groups: readonly HeadRead[],
  ): Promise<Array<[which: number, read: Position[]]>> {
    const answer = await readHeads(redis, { tagged: prefix + names[0], prefix, minScore, each: groups })
    const flat = Array.isArray(answer) ? (answer as unknown[]) : []
    return Array.from({ length: flat.length / 2 }, (_, index) => [
      Number(flat[2 * index]),
      toPositions(flat[2 * index + 1]),
    ])
  }

  /** Empty sets, which may be most of them, get no stream. */
  async function begin(): Promise<Stream[]> {
    const begun = await Promise.all(all.map((sets, place) => beginAt(sets, place)))
    return begun.flat().toSorted(oldestFirst)
  }

  async function beginAt(sets: Sets, place: number): Promise<Stream[]> {
    const begun: Stream[] = []
    for (let start = 0; start < sets.names.length; start += MAX_BATCH) {
      const chunk = sets.names.slice(start, start + MAX_BATCH)
      const asked = { max: highest(after), count: 1, names: `${chunk.join(' ')} ` }
      for (const [which, read] of await readGroups(sets, [asked])) {
        const stream: Stream = { place, name: chunk[which] ?? '', waiting: [], last: after, batch: 1, isOver: false }
        take(stream, read)
        if (stream.waiting.length > 0) begun.push(stream)
      }
    }
    return begun
  }

  async function read(asked: readonly Stream[]): Promise<void> {
    await Promise.all(
      all.map((sets, place) =>
        readAt(
          sets,
          asked.filter((stream) => stream.place === place),
        ),
      ),
    )
  }

  async function readAt(sets: Sets, asked: readonly Stream[]): Promise<void> {
    for (const chunk of cutByWeight(asked, ({ batch }) => batch, { weight: MAX_BATCH })) {
      const groups = chunk.map(({ name, last, batch }) => ({ max: highest(last), count: batch, names: name }))
      const answers = new Map(await readGroups(sets, groups))
      chunk.forEach((stream, which) => take(stream, answers.get(which) ?? []))
    }
  }

  /** Reads more of the sets from which the next `count` entries can come and that have fewer than two waiting. */
  async function prepare(from: readonly Stream[], count: number): Promise<void> {
    await read(from.slice(-count).filter(({ waiting, isOver }) => !isOver && waiting.length < 2))
  }

  return async (count) => {
    streams ??= await begin()
    const found: Found[] = []
    while (found.length < count && streams.length > 0) {
      await prepare(streams, count - found.length)
      for (
        let stream = streams.pop();
        stream !== undefined;
        stream = found.length < count ? streams.pop() : undefined
      ) {
        const newest = stream.waiting.shift()
        if (newest) found.push({ ...newest, place: stream.place })
        if (stream.waiting.length > 0) insert(streams, stream)
        else if (!stream.isOver) {
          // Its next entry is unknown, and may be newer than those of the other sets.
          await read([stream])
          if (stream.waiting.length > 0) insert(streams, stream)
          break
        }
      }
    }
    return found
  }
}

function take(stream: Stream, read: readonly Position[]): void {
  const fresh = read.filter((entry) => isAfter(entry, stream.last))
  stream.isOver = fresh.length < stream.batch
  stream.waiting.push(...fresh)
  stream.last = fresh.at(-1) ?? stream.last
  stream.batch = Math.min(2 * stream.batch, MAX_BATCH)
}

function insert(streams: Stream[], stream: Stream): void {
  let [low, high] = [0, streams.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const other = streams[middle]
    if (other && oldestFirst(other, stream) < 0) low = middle + 1
    else high = middle
  }
  streams.splice(low, 0, stream)
}

function oldestFirst({ waiting: [left] }: Stream, { waiting: [right] }: Stream): number {
  if (left === undefined || right === undefined) return 0
  return isAfter(left, right) ? -1 : 1
}

function scoreText(score: number): string | number {
  return score === Infinity ? '+inf' : score
}
