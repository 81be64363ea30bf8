// Owns: the dead letters of a subscription, which are the failed jobs of its deliveries queue: listing, sending again, discarding.
import { randomBytes, randomUUID } from 'node:crypto'
import type { DeadLetter, DeadLettersJob } from '@wxgw/contracts'
import type { Job, Queue } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import type { DeliveryChange } from '../event-log/event-log.ts'
import { isJobGone } from '../job-gone.ts'
import { deliveriesQueue, deliveryId, MAINTENANCE_QUEUE } from '../keys.ts'
import { describeHashes, inGroups, pageLength } from '../paging/describe-hashes.ts'
import { decodeCursor, encodeCursor, type Page, type Position, readNewestFirst } from '../paging/newest-first.ts'
import { DEAD_LETTERS_ATTEMPTS, jobOptions } from '../queues/job-options.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import { parseDeadDelivery } from './dead-delivery.ts'

export type DeadLetters = {
  /** Newest first; at most 2 MiB. */
  list(subscription: string, page: { limit: number; cursor: string | undefined }): Promise<Page<DeadLetter>>
  /** All when `ids` is left out. Answers how many go again; of many, a worker takes the older ones. */
  replay(subscription: string, ids?: readonly string[]): Promise<number>
  discard(subscription: string, ids?: readonly string[]): Promise<number>
  /** What `replay` or `discard` left for a worker. Answers how many it took. */
  resume(job: DeadLettersJob): Promise<number>
}

export type DeadLettersDeps = {
  platform: string
  redis: RedisConnection
  queues: Pick<Queues, 'open' | 'add'>
  events: { deliveryChanged(eventId: string, subscription: string, change: DeliveryChange): Promise<void> }
}

/** Never more in memory at once. */
const BATCH = 100
/** Who asks over HTTP waits for so many; a million would take minutes, and no client waits for that. */
const AT_ONCE = 2_000
const KEPT_FAILURES = 100

/**
 * Rejects with STORE_UNAVAILABLE, and with INVALID_REQUEST when the cursor is none. Ids that are no dead letters are skipped:
 * `replay` and `discard` may be repeated, and answer how many they took. "All" are those there at the beginning: what fails
 * again meanwhile is newer, and is not sent in circles.
 */
export function createDeadLetters({ platform, redis, queues, events }: DeadLettersDeps): DeadLetters {
  const queueOf = (subscription: string) => queues.open(deliveriesQueue(platform, subscription))

  type Act = (job: Job) => Promise<boolean>

  function actOf(subscription: string, action: DeadLettersJob['action']): Act {
    return action === 'replay' ? (job) => sendAgain(subscription, job) : (job) => drop(subscription, job)
  }

  async function withSizes<T extends { member: string }>(queue: Queue, places: readonly T[]): Promise<Array<T & { bytes: number }>> {
    const described = await describeHashes(redis, places.map(({ member }) => queue.toKey(member)), { measured: 'data' })
    return places.map((place, index) => ({ ...place, bytes: described[index]?.bytes ?? 0 }))
  }

  async function take(queue: Queue, ids: readonly string[], act: Act): Promise<number> {
    let taken = 0
    for (const group of inGroups(await withSizes(queue, ids.map((member) => ({ member }))))) {
      const acted = await Promise.all(
        group.map(async ({ member }) => {
          const job = await loadFailed(queue, member)
          return job ? act(job) : false
        }),
      )
      taken += acted.filter(Boolean).length
    }
    return taken
  }

  async function loadFailed(queue: Queue, id: string): Promise<Job | undefined> {
    if ((await redis.zscore(queue.toKey('failed'), id)) === null) return undefined
    return queue.getJob(id)
  }

  /** Downwards from `after`, or from the newest; `last` is where it stopped with more to come. What fails meanwhile is newer. */
  async function takeOlder(
    queue: Queue,
    act: Act,
    { after, most }: { after?: Position; most: number },
  ): Promise<{ taken: number; last?: Position }> {
    const key = queue.toKey('failed')
    let taken = 0
    let last = after
    for (let looked = 0; looked < most; looked += BATCH) {
      const places = await readNewestFirst(redis, { key, after: last }, BATCH)
      taken += await take(queue, places.map(({ member }) => member), act)
      last = places.at(-1)
      if (last === undefined || places.length < BATCH) return { taken }
    }
    return { taken, ...(last === undefined ? {} : { last }) }
  }

  async function takeAll(subscription: string, action: DeadLettersJob['action']): Promise<number> {
    const queue = queueOf(subscription)
    const { taken, last } = await takeOlder(queue, actOf(subscription, action), { most: AT_ONCE })
    if (last === undefined) return taken
    const left = await redis.zcount(queue.toKey('failed'), '-inf', last.score)
    if (left === 0) return taken
    const data: DeadLettersJob = { v: 1, kind: 'dead-letters', platform, subscription, action, after: last }
    const options = { ...jobOptions(DEAD_LETTERS_ATTEMPTS), removeOnFail: { count: KEPT_FAILURES } }
    await queues.add(MAINTENANCE_QUEUE, { id: `${data.kind}-${randomUUID()}`, name: data.kind, data, options })
    return taken + left
  }

  async function takeGiven(queue: Queue, ids: readonly string[], act: Act): Promise<number> {
    const distinct = [...new Set(ids)]
    let taken = 0
    for (let start = 0; start < distinct.length; start += BATCH) taken += await take(queue, distinct.slice(start, start + BATCH), act)
    return taken
  }

  function takeThese(subscription: string, action: DeadLettersJob['action'], ids: readonly string[] | undefined): Promise<number> {
    return guardStore(() => (ids ? takeGiven(queueOf(subscription), ids, actOf(subscription, action)) : takeAll(subscription, action)))
  }

  /** First the log, then the job: the other way round, a fast delivery would be logged as pending again. */
  async function sendAgain(subscription: string, job: Job): Promise<boolean> {
    const { eventId, deliveryId: last } = parseDeadDelivery(job.data)
    await events.deliveryChanged(eventId, subscription, { status: 'pending', attempts: 0, jobId: job.id })
    return unlessGone(async () => {
      // A consumer's queue that still knows the delivery would take it for a duplicate: a replay is another one, of the same event.
      if (last !== undefined) await job.updateData({ ...job.data, deliveryId: deliveryId(eventId, `r${randomBytes(6).toString('hex')}`) })
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
    })
  }

  async function drop(subscription: string, job: Job): Promise<boolean> {
    const { eventId } = parseDeadDelivery(job.data)
    const dropped = await unlessGone(() => job.remove())
    if (dropped) {
      const change: DeliveryChange = { status: 'discarded', attempts: job.attemptsMade, lastError: job.failedReason }
      await events.deliveryChanged(eventId, subscription, change)
    }
    return dropped
  }

  return {
    list: (subscription, { limit, cursor }) =>
      guardStore(async () => {
        const queue = queueOf(subscription)
        const range = { key: queue.toKey('failed'), after: decodeCursor(cursor) }
        const places = await readNewestFirst(redis, range, limit + 1)
        const entries = await withSizes(queue, places)
        const page = entries.slice(0, pageLength(entries, limit))
        const items: DeadLetter[] = []
        for (const group of inGroups(page)) {
          const jobs = await Promise.all(group.map(({ member }) => queue.getJob(member)))
          items.push(...jobs.flatMap((job, index) => (job ? [toDeadLetter(job, group[index]?.score ?? 0)] : [])))
        }
        const last = page.at(-1)
        return { items, nextCursor: places.length > page.length && last ? encodeCursor(last) : null }
      }),

    replay: (subscription, ids) => takeThese(subscription, 'replay', ids),

    discard: (subscription, ids) => takeThese(subscription, 'discard', ids),

    resume: ({ subscription, action, after }) =>
      guardStore(async () => (await takeOlder(queueOf(subscription), actOf(subscription, action), { after, most: Infinity })).taken),
  }
}

async function unlessGone(act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (isJobGone(error)) return false
    throw error
  }
}

function toDeadLetter(job: Job, failedAtMs: number): DeadLetter {
  const { eventId, type, event } = parseDeadDelivery(job.data)
  return {
    id: job.id ?? '',
    eventId,
    type,
    event,
    attempts: job.attemptsMade,
    lastError: job.failedReason || 'unknown',
    failedAt: new Date(failedAtMs).toISOString(),
  }
}
