// Owns: the dead letters of a subscription, which are the failed jobs of its queue: listing, replaying, discarding.
import { randomBytes, randomUUID } from 'node:crypto'
import type { DeadLetter, DeadLettersJob } from '@wxgw/contracts'
import type { Job, Queue } from 'bullmq'
import { failedJobs, NO_REASON } from '../bullmq-format/failed-jobs.ts'
import type { RedisConnection } from '../connect.ts'
import type { DeliveryChange, EventLog } from '../event-log/event-log.ts'
import { isJobGone } from '../bullmq-format/job-gone.ts'
import { deliveriesQueue, deliveryId, MAINTENANCE_QUEUE } from '../keys.ts'
import { inGroups, MAX_PAGE_BYTES } from '../paging/describe-hashes.ts'
import { decodeCursor, encodeCursor, type Page, type Position } from '../paging/newest-first.ts'
import { DEAD_LETTERS_ATTEMPTS, jobOptions } from '../queues/job-options.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import { isWithin, parseDeadDelivery } from './dead-delivery.ts'

/**
 * `only`: dead letters of these authorizers, and test events; default all. `reason`: those with exactly this last
 * error.
 */
type DeadLettersAsked = {
  limit: number
  cursor: string | undefined
  only?: readonly string[] | undefined
  reason?: string | undefined
}

/** `scannedTo`: the scan reached its bound; dead letters that failed before this time were not compared. */
type FoundDeadLetters = Page<DeadLetter> & { scannedTo?: string }

export type DeadLetters = {
  /**
   * Newest first. A page has at most 512 KiB, and reads at most 1,000 dead letters. With a reason, 5,000 are compared
   * and the matching ones are read.
   */
  list(subscription: string, page: DeadLettersAsked): Promise<FoundDeadLetters>
  /**
   * All when `ids` is left out. Answers how many are replayed. Of more than 2,000, a worker replays the older ones,
   * which are counted only without `only`: the caller must not learn how many others there are.
   */
  replay(subscription: string, ids?: readonly string[], only?: readonly string[]): Promise<number>
  discard(subscription: string, ids?: readonly string[], only?: readonly string[]): Promise<number>
  /** Completes a `replay` or `discard` in a worker. Answers how many it took. */
  resume(job: DeadLettersJob): Promise<number>
}

export type DeadLettersDeps = {
  platform: string
  redis: RedisConnection
  queues: Pick<Queues, 'open' | 'add'>
  events: Pick<EventLog, 'deliveryChanged'>
}

/** Dead letters in memory at once. */
const BATCH = 100
/** Dead letters that an HTTP call processes itself. A worker processes the rest: a million would take minutes. */
const AT_ONCE = 2_000
const KEPT_FAILURES = 100
/** Dead letters that one page reads, including those that the caller may not see. */
const MAX_READ = 1_000
/** Dead letters that one page compares with a reason. The counts by reason use the same number. */
const MAX_COMPARED = 5_000

/** The queue of a subscription, and its failed jobs. */
type Failed = { queue: Queue; jobs: ReturnType<typeof failedJobs> }

type Act = (job: Job) => Promise<boolean>

type Wanted = Pick<DeadLettersJob, 'subscription' | 'action'> & { only?: readonly string[] | undefined }

/**
 * Rejects with STORE_UNAVAILABLE, and with INVALID_REQUEST for a broken cursor. Ids that are no dead letters are
 * skipped, so `replay` and `discard` may be repeated. "All" means those at the beginning: a delivery that fails again
 * meanwhile is newer and not replayed once more.
 */
export function createDeadLetters({ platform, redis, queues, events }: DeadLettersDeps): DeadLetters {
  function openFailed(subscription: string): Failed {
    const name = deliveriesQueue(platform, subscription)
    return { queue: queues.open(name), jobs: failedJobs(redis, name) }
  }

  function actOf({ subscription, action, only }: Wanted): Act {
    const act = action === 'replay' ? sendAgain : drop
    const within = withinOf(subscription, only)
    return async (job) => within(job) && (await act(subscription, job))
  }

  /** Filters by the last error, a short field that is read without the rest of the job. */
  async function withReason(
    reason: string,
    { jobs }: Failed,
    places: readonly Position[],
  ): Promise<readonly Position[]> {
    const reasons = await jobs.reasonsOf(places.map(({ member }) => member))
    return places.filter((_, index) => reasons[index] === reason)
  }

  async function take({ queue, jobs }: Failed, ids: readonly string[], act: Act): Promise<number> {
    let taken = 0
    for (const group of inGroups(await jobs.withSizes(ids.map((member) => ({ member }))))) {
      const acted = await Promise.all(
        group.map(async ({ member }) => {
          const job = (await jobs.has(member)) ? await queue.getJob(member) : undefined
          return job ? act(job) : false
        }),
      )
      taken += acted.filter(Boolean).length
    }
    return taken
  }

  /** From `after`, or from the newest, to older ones. `last`: the position at which it stopped, when there are more. */
  async function takeOlder(
    failed: Failed,
    act: Act,
    { after, limit }: { after?: Position; limit: number },
  ): Promise<{ taken: number; last?: Position }> {
    let taken = 0
    let last = after
    for (let seen = 0; seen < limit; seen += BATCH) {
      const places = await failed.jobs.page({ after: last }, BATCH)
      const ids = places.map(({ member }) => member)
      taken += await take(failed, ids, act)
      last = places.at(-1)
      if (last === undefined || places.length < BATCH) return { taken }
    }
    return { taken, ...(last === undefined ? {} : { last }) }
  }

  async function takeAll(wanted: Wanted): Promise<number> {
    const { subscription, action, only } = wanted
    const failed = openFailed(subscription)
    const { taken, last } = await takeOlder(failed, actOf(wanted), { limit: AT_ONCE })
    if (last === undefined) return taken
    const left = await failed.jobs.countUntil(last.score)
    if (left === 0) return taken
    const data: DeadLettersJob = {
      v: 1,
      kind: 'dead-letters',
      platform,
      subscription,
      action,
      after: last,
      ...(only ? { only: [...only] } : {}),
    }
    const options = { ...jobOptions(DEAD_LETTERS_ATTEMPTS), removeOnFail: { count: KEPT_FAILURES } }
    await queues.add(MAINTENANCE_QUEUE, { id: `${data.kind}-${randomUUID()}`, name: data.kind, data, options })
    return only ? taken : taken + left
  }

  async function takeGiven(failed: Failed, ids: readonly string[], act: Act): Promise<number> {
    const distinct = [...new Set(ids)]
    let taken = 0
    for (let start = 0; start < distinct.length; start += BATCH)
      taken += await take(failed, distinct.slice(start, start + BATCH), act)
    return taken
  }

  function takeThese(wanted: Wanted, ids: readonly string[] | undefined): Promise<number> {
    return guardStore(() => (ids ? takeGiven(openFailed(wanted.subscription), ids, actOf(wanted)) : takeAll(wanted)))
  }

  /** The log is written before the job: otherwise a fast delivery could be logged as pending after its success. */
  async function sendAgain(subscription: string, job: Job): Promise<boolean> {
    const { eventId, authorizerAppId, deliveryId: last, attempts } = parseDeadDelivery(job.data)
    const event = { id: eventId, authorizerappid: authorizerAppId }
    await events.deliveryChanged(event, subscription, { status: 'pending', attempts: 0, jobId: job.id })
    return unlessGone(async () => {
      // A new delivery id: BullMQ would drop the old one as a duplicate where a consumer's queue still has its job.
      const again = last === undefined ? {} : { deliveryId: deliveryId(eventId, `r${randomBytes(6).toString('hex')}`) }
      const { attempts: _, ...data } = job.data
      if (last !== undefined || attempts !== undefined) await job.updateData({ ...data, ...again })
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
    })
  }

  async function drop(subscription: string, job: Job): Promise<boolean> {
    const { eventId, authorizerAppId, attempts } = parseDeadDelivery(job.data)
    const dropped = await unlessGone(() => job.remove())
    if (dropped) {
      const change: DeliveryChange = {
        status: 'discarded',
        attempts: attempts ?? job.attemptsMade,
        lastError: job.failedReason,
      }
      await events.deliveryChanged({ id: eventId, authorizerappid: authorizerAppId }, subscription, change)
    }
    return dropped
  }

  async function readPage(
    subscription: string,
    { limit, cursor, only, reason }: DeadLettersAsked,
  ): Promise<FoundDeadLetters> {
    const failed = openFailed(subscription)
    const within = withinOf(subscription, only)
    const items: DeadLetter[] = []
    let last = decodeCursor(cursor)
    let bytes = 0
    const maxSeen = reason === undefined ? MAX_READ : MAX_COMPARED
    for (let seen = 0; seen < maxSeen; seen += BATCH) {
      const places = await failed.jobs.page({ after: last }, BATCH)
      const fitting = reason === undefined ? places : await withReason(reason, failed, places)
      for (const group of inGroups(await failed.jobs.withSizes(fitting))) {
        const jobs = await Promise.all(group.map(({ member }) => failed.queue.getJob(member)))
        for (const [index, place] of group.entries()) {
          const job = jobs[index]
          if (job && within(job)) {
            bytes += place.bytes
            const isFull = items.length === limit || (items.length > 0 && bytes > MAX_PAGE_BYTES)
            // There is a next page.
            if (isFull) return { items, nextCursor: last ? encodeCursor(last) : null }
            items.push(toDeadLetter(job, place.score))
          }
          last = place
        }
      }
      if (places.length < BATCH) return { items, nextCursor: null }
      // The next page begins after those that did not match, too.
      last = places.at(-1) ?? last
    }
    if (!last) return { items, nextCursor: null }
    const scannedTo = reason === undefined ? {} : { scannedTo: new Date(last.score).toISOString() }
    return { items, nextCursor: encodeCursor(last), ...scannedTo }
  }

  return {
    list: (subscription, asked) => guardStore(() => readPage(subscription, asked)),

    replay: (subscription, ids, only) => takeThese({ subscription, action: 'replay', only }, ids),

    discard: (subscription, ids, only) => takeThese({ subscription, action: 'discard', only }, ids),

    resume: ({ after, ...wanted }) =>
      guardStore(
        async () => (await takeOlder(openFailed(wanted.subscription), actOf(wanted), { after, limit: Infinity })).taken,
      ),
  }
}

function withinOf(subscription: string, only: readonly string[] | undefined): (job: Job) => boolean {
  const bound = { subscription, only: only && new Set(only) }
  return (job) => isWithin(job.data, bound)
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
  const { eventId, type, event, attempts } = parseDeadDelivery(job.data)
  return {
    id: job.id ?? '',
    eventId,
    type,
    event,
    attempts: attempts ?? job.attemptsMade,
    lastError: job.failedReason || NO_REASON,
    failedAt: new Date(failedAtMs).toISOString(),
  }
}
