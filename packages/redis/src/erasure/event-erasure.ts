// Owns: removing the content of one user's events from the event log and from all dead letters of a platform. The
// events themselves and their delivery states stay.
import { randomUUID } from 'node:crypto'
import { type EraseJob, hasContent, type Subscription, withoutContent } from '@wxgw/contracts'
import type { Queue } from 'bullmq'
import { failedJobs } from '../bullmq-format/failed-jobs.ts'
import { JOB_DATA } from '../bullmq-format/queue-keys.ts'
import type { RedisConnection } from '../connect.ts'
import { isJobGone } from '../bullmq-format/job-gone.ts'
import { deliveriesQueue, MAINTENANCE_QUEUE } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { type NewestFirst, walkOne } from '../paging/newest-first.ts'
import { ERASE_ATTEMPTS, jobOptions } from '../queues/job-options.ts'
import type { Queues } from '../queues/queues.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'

/** A user of one account. */
type ErasedUser = { authorizer: string; subject: string }

export type EventErasure = {
  /**
   * Answers how many events this call erased, the newest first. When there are more entries than `atOnce`, a worker
   * erases all of them. Safe to repeat. Rejects with STORE_UNAVAILABLE.
   */
  begin(user: ErasedUser): Promise<number>
  /** Without a bound, in a worker. */
  complete(user: ErasedUser): Promise<number>
}

type EventErasureDeps = {
  platform: string
  redis: RedisConnection
  shards: MessageShards
  queues: Pick<Queues, 'open' | 'add'>
  subscriptions: { all(maxAgeMs: number): Promise<readonly Subscription[]> }
  /**
   * Entries that an HTTP call reads in the log, and as many in the dead letters of all subscriptions. Default 5,000.
   */
  atOnce?: number
}

/** Entries that one script reads: about a millisecond of Redis. */
const BATCH = 250
const AT_ONCE = 5_000
const KEPT_FAILURES = 100

const findText = defineScript({ name: 'erasure/find-text', args: ['field', 'needle'], eachKeys: ['key'] })
const eraseEvent = defineScript({ name: 'erasure/erase-event', keys: ['event', 'attempts'], args: ['before', 'after'] })

type Bound = { left: number }

export function createEventErasure(deps: EventErasureDeps): EventErasure {
  const { platform, redis, shards, queues, subscriptions, atOnce = AT_ONCE } = deps

  /** The members whose stored text contains the user. */
  async function* candidates(
    walk: NewestFirst,
    bound: Bound,
    search: { key(member: string): string; field: string; needle: string },
  ) {
    while (bound.left > 0) {
      const members = (await walk(Math.min(BATCH, bound.left))).map(({ member }) => member)
      bound.left -= members.length
      if (members.length === 0) return
      const each = members.map((member) => ({ key: search.key(member) }))
      const found = await findText(redis, { field: search.field, needle: search.needle, each })
      for (const index of Array.isArray(found) ? found : []) yield members[Number(index) - 1] ?? ''
    }
  }

  async function eraseLogged(user: ErasedUser, bound: Bound, erased: Set<string>): Promise<void> {
    const needle = needleOf(user)
    for (const shard of shards.withEventsOf(user.authorizer)) {
      const walk = walkOne(redis, { key: shard.eventsOfAuthorizer(user.authorizer), after: undefined })
      for await (const id of candidates(walk, bound, { key: shard.event, field: 'event', needle })) {
        const key = shard.event(id)
        const text = await redis.hget(key, 'event')
        const event: unknown = text === null ? undefined : JSON.parse(text)
        if (text === null || !isOf(event, user)) continue
        const bare = hasContent(event) ? JSON.stringify(withoutContent(event)) : text
        const written = { event: key, attempts: shard.attempts(id), before: text, after: bare }
        if ((await eraseEvent(redis, written)) === 1) erased.add(id)
      }
    }
  }

  async function eraseDead(user: ErasedUser, bound: Bound, erased: Set<string>): Promise<void> {
    const needle = needleOf(user)
    for (const { name } of await subscriptions.all(0)) {
      const queueName = deliveriesQueue(platform, name)
      const queue = queues.open(queueName)
      const failed = failedJobs(redis, queueName)
      const search = { key: failed.keyOf, field: JOB_DATA, needle }
      for await (const id of candidates(failed.walk(), bound, search)) {
        const eventId = await eraseJob(queue, id, user)
        if (eventId !== undefined) erased.add(eventId)
      }
    }
  }

  async function eraseAll(user: ErasedUser, limit: number): Promise<{ erased: number; isComplete: boolean }> {
    const erased = new Set<string>()
    const bounds = [{ left: limit }, { left: limit }] as const
    await eraseLogged(user, bounds[0], erased)
    await eraseDead(user, bounds[1], erased)
    return { erased: erased.size, isComplete: bounds.every(({ left }) => left > 0) }
  }

  return {
    begin: (user) =>
      guardStore(async () => {
        const { erased, isComplete } = await eraseAll(user, atOnce)
        if (isComplete) return erased
        const data: EraseJob = { v: 1, kind: 'erase', platform, ...user }
        const options = { ...jobOptions(ERASE_ATTEMPTS), removeOnFail: { count: KEPT_FAILURES } }
        await queues.add(MAINTENANCE_QUEUE, { id: `${data.kind}-${randomUUID()}`, name: data.kind, data, options })
        return erased
      }),
    complete: (user) => guardStore(async () => (await eraseAll(user, Infinity)).erased),
  }
}

/** The id of the erased event. undefined: there was nothing to erase. */
async function eraseJob(queue: Queue, id: string, user: ErasedUser): Promise<string | undefined> {
  const job = await queue.getJob(id)
  const data: unknown = job?.data
  if (!job || typeof data !== 'object' || data === null || !('event' in data)) return undefined
  const { event } = data
  if (!isOf(event, user) || !hasContent(event)) return undefined
  try {
    await job.updateData({ ...data, event: withoutContent(event) })
    return String(event.id)
  } catch (error) {
    if (isJobGone(error)) return undefined
    throw error
  }
}

/** The user as JSON.stringify writes it. */
function needleOf({ subject }: ErasedUser): string {
  return `"subject":${JSON.stringify(subject)}`
}

function isOf(event: unknown, { authorizer, subject }: ErasedUser): event is { id: unknown } {
  if (typeof event !== 'object' || event === null || !('subject' in event) || !('authorizerappid' in event))
    return false
  return event.subject === subject && event.authorizerappid === authorizer
}
