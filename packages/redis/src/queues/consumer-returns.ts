// Owns: reading what consumers of queue sinks return from their jobs: it may be a passive reply that a push waits for.
// All queues are polled over one shared connection: every 20 ms while a reply is awaited, otherwise once a second.
import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs, isStoreAway } from '@wxgw/wechat-core'
import { MAX_BYTES, readReturns } from '../bullmq-format/read-returns.ts'
import type { RedisConnection } from '../connect.ts'
import { startLaps } from '../laps.ts'
import { redisTimeMs } from '../store-health.ts'
import { createErrorLog, type WarnLog } from './error-log.ts'

/** `name`: the subscription's. `jobId` and `value` were written by the consumer and are not checked. */
export type ReturnedJob = { name: string; jobId: string; value: unknown }

export type ConsumerReturnsDeps = {
  /** No blocking command is sent, so the connection may fail fast. */
  redis: RedisConnection
  /** Key of the hash with the position in each queue's stream. */
  positions: string
  /**
   * Called for each completed job with a return value, in each process that follows the queue, and again after a
   * restart, so it must be safe to repeat. When it rejects with STORE_UNAVAILABLE the job is read again; other errors
   * are logged.
   */
  onReturn(returned: ReturnedJob): Promise<void>
  log: WarnLog
  /** Milliseconds between two reads of a queue from which no reply is awaited. Default 1,000. */
  lapMs?: number
}

export type ConsumerReturns = {
  /** Reads these queues, by subscription, and no others. */
  follow(queues: ReadonlyMap<string, string>): void
  /**
   * Reads the queue every 20 ms until the job is read or the time is over. Does nothing for a subscription that is not
   * followed.
   */
  expect(name: string, jobId: string, untilMs: number): void
  close(): Promise<void>
}

const AWAITED_EVERY_MS = 20
/** Queues that are read in that time; more take longer. */
const AWAITED_QUEUES = 100
/** Where reading starts without a stored position: WeChat waits five seconds, so older return values are useless. */
const LOOK_BACK_MS = 5_000
/** The oldest position where reading resumes after a stop: the time for which late replies are accepted. */
const LONGEST_LOOK_BACK_MS = 600_000
/** Returns of one queue that are processed at once. */
const MAX_AT_ONCE = 100
const READS_IN_A_ROW = 30
/** Entries per read. */
const MAX_ENTRIES = 100
/** After a long entry its queue is paused for longer than Redis took to copy it. */
const LONG_BYTES_PER_MS = 40_000
/** The pause of a queue after a failed read. It doubles with each failure. */
const PAUSE_MS = 10
const LONGEST_PAUSE_MS = 500
/**
 * Each failure halves the entries per read. After seven it is one entry, which is tried three times and then skipped.
 */
const MAX_FAILURES = 10
/** A read that takes longer continues while the next queues are read. */
const LONGEST_VISIT_MS = 100

type Batch = { before: string; last: string; size: number; isDone: boolean }

type Followed = {
  name: string
  queue: string
  /** The last entry that was read. undefined until the start position is known. */
  after: string | undefined
  isReading: boolean
  /**
   * Failed reads of this queue while Redis answered other commands. Each halves the entries per read, a success doubles
   * them.
   */
  failures: number
  /** By the monotonic clock. */
  pausedUntilMs: number
  /** Entries that were read and are still processed, the oldest first. */
  batches: Batch[]
  /** The last entry before which all are processed. */
  processed: string | undefined
  /** The stored position. */
  saved: string | undefined
  /** The deadline of each awaited reply, by job id. */
  awaited: Map<string, number>
}

/**
 * BullMQ's QueueEvents is not used: it blocks one connection per queue, and stops at a return value that is not JSON.
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
   * One read per queue at a time. Never rejects: a queue that its consumer made unreadable does not disturb the others.
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

  /** Whether there may be more entries. */
  async function readOn(one: Followed, before: string): Promise<boolean> {
    if (one.batches.reduce((sum, { size }) => sum + size, 0) >= MAX_AT_ONCE) return false
    const asked = { queue: one.queue, after: before, limit: maxEntries(one) }
    const { hasMore, bytes, last, returns } = await readReturns(redis, asked)
    one.failures = Math.max(0, one.failures - 1)
    // The position was set back meanwhile, to an entry that could not be processed: read again from there.
    if (last === undefined || one.after !== before) return false
    one.after = last
    const batch = { before, last, size: returns.length, isDone: false }
    one.batches.push(batch)
    for (const { jobId } of returns) one.awaited.delete(jobId)
    const processing = returns.map((returned) => processReturn({ name: one.name, ...returned }))
    void Promise.all(processing).then((processed) => settle(one, batch, processed.every(Boolean)))
    if (bytes > 2 * MAX_BYTES) await delay(bytes / LONG_BYTES_PER_MS, undefined, { ref: false })
    return hasMore
  }

  /** Makes the next read smaller, and in the end skips the entries that cannot be read. */
  async function slowDown(one: Followed): Promise<void> {
    const nowMs = await redisTimeMs(redis).catch(() => undefined)
    // Redis is away: nothing of the queue is skipped.
    if (nowMs === undefined) return
    one.failures += 1
    one.pausedUntilMs = performance.now() + backoffMs(one.failures, { firstMs: PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
    if (one.failures < MAX_FAILURES || one.after === undefined) return
    // Entries of this millisecond are not skipped.
    const last = `${Math.max(nowMs - 1, timeOf(one.after) + 1)}-0`
    const batch = { before: one.after, last, size: 0, isDone: false }
    one.after = batch.last
    one.batches.push(batch)
    settle(one, batch, true)
  }

  /** False when the entry has to be read again. */
  async function processReturn(returned: ReturnedJob): Promise<boolean> {
    try {
      await onReturn(returned)
      return true
    } catch (error) {
      logError(error)
      return !isStoreAway(error)
    }
  }

  function settle(one: Followed, batch: Batch, isProcessed: boolean): void {
    const at = one.batches.indexOf(batch)
    if (isProcessed) batch.isDone = true
    else if (at >= 0) {
      one.after = batch.before
      one.batches.length = at
    }
    while (one.batches[0]?.isDone) one.processed = one.batches.shift()?.last
  }

  async function beginning(name: string): Promise<string> {
    const [nowMs, known] = await Promise.all([redisTimeMs(redis), redis.hget(positions, name)])
    if (known === null) return `${nowMs - LOOK_BACK_MS}-0`
    return timeOf(known) < nowMs - LONGEST_LOOK_BACK_MS ? `${nowMs - LONGEST_LOOK_BACK_MS}-0` : known
  }

  async function save(one: Followed): Promise<void> {
    const { name, processed } = one
    if (processed === undefined || processed === one.saved || followed.get(name) !== one) return
    try {
      await redis.hset(positions, name, processed)
      one.saved = processed
    } catch (error) {
      logError(error)
    }
  }

  /** Removes the position: values that were returned while no reply was awaited must not count as replies later. */
  function forget(name: string): void {
    followed.delete(name)
    redis.hdel(positions, name).catch(logError)
  }

  async function readAwaited(): Promise<void> {
    for (let due = awaiting(); due.length > 0 && !isClosed; due = awaiting()) {
      for (const one of due) void read(one)
      await delay(AWAITED_EVERY_MS * Math.ceil(due.length / AWAITED_QUEUES))
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
        if (followed.get(name)?.queue === queue) continue
        const nothingYet = { after: undefined, isReading: false, processed: undefined, saved: undefined }
        const noFailures = { failures: 0, pausedUntilMs: 0 }
        followed.set(name, { name, queue, ...nothingYet, ...noFailures, batches: [], awaited: new Map() })
      }
    },
    expect(name, jobId, untilMs) {
      if (isClosed) return
      followed.get(name)?.awaited.set(jobId, untilMs)
      if (isReadingAwaited) return
      isReadingAwaited = true
      // It ends at once when no followed queue has an awaited reply.
      readingAwaited = readAwaited()
    },
    async close() {
      isClosed = true
      await Promise.all([laps.close(), readingAwaited])
    },
  }
}

function maxEntries({ failures }: Followed): number {
  return Math.max(1, Math.floor(MAX_ENTRIES / 2 ** failures))
}

/** The time of an entry, with which its id begins. */
function timeOf(id: string): number {
  return Number(id.split('-')[0])
}
