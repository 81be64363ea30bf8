// Owns: hearing what the consumers of queue sinks return from their jobs; some of it is a passive reply that a push
// waits for. All queues are read over one shared connection, without blocking: often while a reply is awaited, else
// once a second.
import { setTimeout as delay } from 'node:timers/promises'
import { isStoreAway } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { startLaps } from '../laps.ts'
import { createErrorLog, type WarnLog } from './error-log.ts'
import { MOST_BYTES, MOST_ENTRIES, parseReturns, readReturns } from './read-returns.ts'

/** `name`: of the subscription. `jobId` and `value` are what a consumer wrote: nothing is known of them. */
export type ReturnedJob = { name: string; jobId: string; value: unknown }

export type ConsumerReturnsDeps = {
  /** May fail fast; nothing blocks on it. */
  redis: RedisConnection
  /** Key of the hash that remembers how far each queue was worked off. */
  positions: string
  /**
   * Called for each completed job that returned something, in each process that follows the queue, and again after a
   * restart: safe to repeat. When it rejects with STORE_UNAVAILABLE the job is read again; other failures are logged.
   */
  onReturn(returned: ReturnedJob): Promise<void>
  log: WarnLog
  /** Between two reads of a queue from which nothing is awaited. Default 1,000. */
  lapMs?: number
}

export type ConsumerReturns = {
  /** From now on these are read, by subscription, and no others. */
  follow(queues: ReadonlyMap<string, string>): void
  /**
   * Until that time, or until the job is read, its queue is read every 20 ms. Nothing for a subscription that is not
   * followed.
   */
  expect(name: string, jobId: string, untilMs: number): void
  close(): Promise<void>
}

const AWAITED_EVERY_MS = 20
/** Of the queues from which something is awaited, so many are read in that time; more take longer. */
const AWAITED_TOGETHER = 100
/** What was returned while this process was starting may still be waited for; WeChat waits five seconds. */
const LOOK_BACK_MS = 5_000
/** After a stop: as long as the gateway remembers who was asked for a reply. */
const LONGEST_LOOK_BACK_MS = 600_000
/** So many returns of one queue are worked on at once; a consumer that returns more waits. */
const MOST_AT_ONCE = 100
const READS_IN_A_ROW = 30
/** After an entry of many bytes its queue is left alone for longer than Redis took to copy them. */
const LONG_BYTES_PER_MS = 40_000
/** After a failed read its queue is left alone, each time for twice as long. */
const PAUSE_MS = 10
const LONGEST_PAUSE_MS = 500
/** Seven halvings lead to one entry at once; that is tried three times before it is passed over. */
const MOST_FAILURES = 10
/** A queue that takes longer is read on while the next ones are visited. */
const LONGEST_VISIT_MS = 100

type Batch = { before: string; last: string; size: number; isDone: boolean }

type Followed = {
  name: string
  stream: string
  /** The last entry that was read; unset until it is known where to begin. */
  after: string | undefined
  isReading: boolean
  /**
   * Of its reads, while Redis answered otherwise. Each halves how many entries are read at once, and a success doubles
   * it.
   */
  failures: number
  /** By the monotonic clock. */
  pausedUntilMs: number
  /** Read, and not all worked off; the oldest first. */
  batches: Batch[]
  workedOff: string | undefined
  saved: string | undefined
  /** Until when each is awaited, by the id of its job. */
  awaited: Map<string, number>
}

/**
 * BullMQ's QueueEvents is not used: it blocks a connection for each queue, and ends on a return value that is no JSON.
 */
export function createConsumerReturns(deps: ConsumerReturnsDeps): ConsumerReturns {
  const { redis, positions, onReturn, log, lapMs } = deps
  const followed = new Map<string, Followed>()
  const logError = createErrorLog(log, 'consumer_returns.failed')
  let isClosed = false
  let isReadingAwaited = false
  let readingAwaited = Promise.resolve()
  const laps = startLaps({ items: () => [...followed.values()], visit, ...(lapMs === undefined ? {} : { lapMs }) })

  async function visit(some: readonly Followed[]): Promise<void> {
    await Promise.race([Promise.all(some.map(read)), delay(LONGEST_VISIT_MS, undefined, { ref: false })])
    await Promise.all(some.map(save))
  }

  /**
   * One at a time of each queue. Never rejects: a queue that its consumer has made unreadable leaves the others alone.
   */
  async function read(one: Followed): Promise<void> {
    if (one.isReading || isClosed || performance.now() < one.pausedUntilMs) return
    one.isReading = true
    try {
      one.after ??= await beginning(one.name)
      for (let reads = 0; reads < READS_IN_A_ROW && !isClosed; reads += 1) {
        if (!(await readOn(one, one.after))) break
      }
    } catch (error) {
      logError(error)
      await slowDown(one)
    } finally {
      one.isReading = false
    }
  }

  /** Answers whether there may be more. */
  async function readOn(one: Followed, before: string): Promise<boolean> {
    if (one.batches.reduce((sum, { size }) => sum + size, 0) >= MOST_AT_ONCE) return false
    const asked = { after: before, most: atOnce(one), mostBytes: MOST_BYTES }
    const answer = await readReturns(redis, { events: one.stream, ...asked })
    const { hasMore, bytes, last, returns } = parseReturns(answer)
    one.failures = Math.max(0, one.failures - 1)
    // Set back meanwhile: this is read again, after what could not be handed over.
    if (last === undefined || one.after !== before) return false
    one.after = last
    const batch = { before, last, size: returns.length, isDone: false }
    one.batches.push(batch)
    for (const { jobId } of returns) one.awaited.delete(jobId)
    const handing = returns.map((returned) => hand({ name: one.name, ...returned }))
    void Promise.all(handing).then((handed) => settle(one, batch, handed.every(Boolean)))
    if (bytes > 2 * MOST_BYTES) await delay(bytes / LONG_BYTES_PER_MS, undefined, { ref: false })
    return hasMore
  }

  /** The same read is not repeated: it gets smaller, and at last what stands there by now is passed over. */
  async function slowDown(one: Followed): Promise<void> {
    const nowMs = await redis.time().then(inMs, () => undefined)
    // An outage is not the queue's: nothing of it is passed over.
    if (nowMs === undefined) return
    one.failures += 1
    one.pausedUntilMs = performance.now() + Math.min(PAUSE_MS * 2 ** one.failures, LONGEST_PAUSE_MS)
    if (one.failures < MOST_FAILURES || one.after === undefined) return
    // What is written in this millisecond is not passed over.
    const last = `${Math.max(nowMs - 1, inEntryId(one.after) + 1)}-0`
    const batch = { before: one.after, last, size: 0, isDone: false }
    one.after = batch.last
    one.batches.push(batch)
    settle(one, batch, true)
  }

  /** False when it has to be read again. */
  async function hand(returned: ReturnedJob): Promise<boolean> {
    try {
      await onReturn(returned)
      return true
    } catch (error) {
      logError(error)
      return !isStoreAway(error)
    }
  }

  function settle(one: Followed, batch: Batch, isWorkedOff: boolean): void {
    const at = one.batches.indexOf(batch)
    if (isWorkedOff) batch.isDone = true
    else if (at >= 0) {
      one.after = batch.before
      one.batches.length = at
    }
    while (one.batches[0]?.isDone) one.workedOff = one.batches.shift()?.last
  }

  async function beginning(name: string): Promise<string> {
    const [time, known] = await Promise.all([redis.time(), redis.hget(positions, name)])
    const nowMs = inMs(time)
    if (known === null) return `${nowMs - LOOK_BACK_MS}-0`
    return inEntryId(known) < nowMs - LONGEST_LOOK_BACK_MS ? `${nowMs - LONGEST_LOOK_BACK_MS}-0` : known
  }

  async function save(one: Followed): Promise<void> {
    const { name, workedOff } = one
    if (workedOff === undefined || workedOff === one.saved || followed.get(name) !== one) return
    try {
      await redis.hset(positions, name, workedOff)
      one.saved = workedOff
    } catch (error) {
      logError(error)
    }
  }

  /** What it returned while nobody wanted it is not to be taken for a reply later on. */
  function forget(name: string): void {
    followed.delete(name)
    redis.hdel(positions, name).catch(logError)
  }

  async function readAwaited(): Promise<void> {
    for (let due = awaiting(); due.length > 0 && !isClosed; due = awaiting()) {
      for (const one of due) void read(one)
      await delay(AWAITED_EVERY_MS * Math.ceil(due.length / AWAITED_TOGETHER))
    }
    isReadingAwaited = false
  }

  function awaiting(): Followed[] {
    const nowMs = Date.now()
    return [...followed.values()].filter(({ awaited }) => {
      for (const [jobId, untilMs] of awaited) if (untilMs < nowMs) awaited.delete(jobId)
      return awaited.size > 0
    })
  }

  return {
    follow(queues) {
      for (const name of followed.keys()) if (!queues.has(name)) forget(name)
      for (const [name, queue] of queues) {
        const stream = queueKey(queue, 'events')
        if (followed.get(name)?.stream === stream) continue
        const nothingYet = { after: undefined, isReading: false, workedOff: undefined, saved: undefined }
        const noFailures = { failures: 0, pausedUntilMs: 0 }
        followed.set(name, { name, stream, ...nothingYet, ...noFailures, batches: [], awaited: new Map() })
      }
    },
    expect(name, jobId, untilMs) {
      if (isClosed) return
      followed.get(name)?.awaited.set(jobId, untilMs)
      if (isReadingAwaited) return
      isReadingAwaited = true
      // Ends at once when nothing is awaited of any queue that is followed.
      readingAwaited = readAwaited()
    },
    async close() {
      isClosed = true
      await Promise.all([laps.close(), readingAwaited])
    },
  }
}

function atOnce({ failures }: Followed): number {
  return Math.max(1, Math.floor(MOST_ENTRIES / 2 ** failures))
}

/** Of Redis' TIME. */
function inMs([seconds, microseconds]: ReadonlyArray<number | string>): number {
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

/** An entry's id begins with its time. */
function inEntryId(id: string): number {
  return Number(id.split('-')[0])
}
