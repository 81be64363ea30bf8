// Owns: walking many sorted sets at once as if they were one, from the highest score down. The work grows with the number of sets
// once, and then with what is taken.
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import { isAfter, type NewestFirst, type Position, type Range, toPositions } from './newest-first.ts'

/** Of one set: what was read and not yet taken, newest first. */
type Stream = { key: string; waiting: Position[]; last: Position | undefined; batch: number; isOver: boolean }

/** Entries that one call reads at most, and keys that it names, so that nobody else waits long for Redis (measured: 1 µs each). */
const MOST_AT_ONCE = 500

/**
 * KEYS: sorted sets
 * ARGV: lowest score, then for each set: highest score, how many entries beside those of just that score
 * -> for each set: members and scores, newest first
 */
const readHeads = script(`
local answers = {}
for index, key in ipairs(KEYS) do
  local max, count = ARGV[2 * index], tonumber(ARGV[2 * index + 1])
  -- Of the highest score some may have been read before; by which, the caller knows.
  local again = max == '+inf' and 0 or redis.call('ZCOUNT', key, max, max)
  answers[index] = redis.call('ZREVRANGEBYSCORE', key, max, ARGV[1], 'WITHSCORES', 'LIMIT', 0, again + count)
end
return answers
`)

/** All sets share a hash tag. */
export function walkMany(redis: RedisConnection, keys: readonly string[], range: Omit<Range, 'key'>): NewestFirst {
  const { after, minScore, maxScore = Infinity } = range
  /** With something waiting, in the order of it: the newest last. undefined before the first read. */
  let streams: Stream[] | undefined

  async function read(asked: readonly Stream[]): Promise<void> {
    for (const chunk of inChunks(asked)) {
      const args = chunk.flatMap(({ last, batch }) => [scoreText(Math.min(last?.score ?? Infinity, maxScore)), batch])
      const answer = await runScript(redis, readHeads, { keys: chunk.map(({ key }) => key), args: [minScore ?? '-inf', ...args] })
      const read = Array.isArray(answer) ? (answer as unknown[]) : []
      chunk.forEach((stream, index) => take(stream, toPositions(read[index])))
    }
  }

  async function begin(): Promise<Stream[]> {
    const all = keys.map((key): Stream => ({ key, waiting: [], last: after, batch: 1, isOver: false }))
    await read(all)
    return all.filter(({ waiting }) => waiting.length > 0).toSorted(oldestFirst)
  }

  /** Those that the next `count` entries can come from, and that would soon have nothing waiting. */
  async function prepare(from: readonly Stream[], count: number): Promise<void> {
    await read(from.slice(-count).filter(({ waiting, isOver }) => !isOver && waiting.length < 2))
  }

  return async (count) => {
    streams ??= await begin()
    const found: Position[] = []
    while (found.length < count && streams.length > 0) {
      await prepare(streams, count - found.length)
      for (let stream = streams.pop(); stream !== undefined; stream = found.length < count ? streams.pop() : undefined) {
        const [newest] = stream.waiting.splice(0, 1)
        if (newest) found.push(newest)
        if (stream.waiting.length > 0) insert(streams, stream)
        else if (!stream.isOver) {
          // What it has next is not known: nobody else's entry may be taken before that.
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
  stream.batch = Math.min(2 * stream.batch, MOST_AT_ONCE)
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

function* inChunks(streams: readonly Stream[]): Generator<Stream[]> {
  let chunk: Stream[] = []
  let entries = 0
  for (const stream of streams) {
    if (chunk.length > 0 && entries + stream.batch > MOST_AT_ONCE) {
      yield chunk
      chunk = []
      entries = 0
    }
    chunk.push(stream)
    entries += stream.batch
  }
  if (chunk.length > 0) yield chunk
}

function scoreText(score: number): string | number {
  return score === Infinity ? '+inf' : score
}
