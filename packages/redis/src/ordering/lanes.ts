// Owns: the lists of events of ordered accounts, one per account, in the order in which Redis accepted them. One job at
// a time dispatches a list.
import { type BatchedEvent, type LaneJob, parserOf, LaneJobSchema } from '@wxgw/contracts'
import { createBatches } from '../batches.ts'
import type { Queue } from 'bullmq'
import { anyKeyOf } from '../bullmq-format/queue-keys.ts'
import type { RedisConnection } from '../connect.ts'
import { batchJobId, laneKey, laneLeaseKey, messageInbox, waitingLanesKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { FAN_OUT_ATTEMPTS, jobOptions } from '../queues/job-options.ts'
import { createShortIds } from '../queues/message-batches.ts'
import type { Queues } from '../queues/queues.ts'
import type { ReplicaBarrier } from '../replication/replica-barrier.ts'
import { shardOf } from '../shards/account-hash.ts'
import type { ShardCount } from '../shards/shard-count.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'

export type Lane = Pick<LaneJob, 'platform' | 'account'>

export type LaneWriter = {
  /**
   * Appends an event to the account's list. Resolves when Redis has accepted it, and a job for the list. Rejects with
   * STORE_UNAVAILABLE.
   */
  append(lane: Lane, entry: BatchedEvent): Promise<void>
}

export type LaneReader = {
  /**
   * The first entries of the list. `owner`: the job that dispatches it. undefined when another job does, or when the
   * list is empty; an append to an empty list adds a job. `done`: how many entries of the previous answer are removed.
   * Rejects with STORE_UNAVAILABLE.
   */
  next(lane: Lane, owner: string, done: number): Promise<readonly string[] | undefined>
  /** Enqueues a new job for the list, behind the waiting ones. Rejects with STORE_UNAVAILABLE. */
  goOnLater(lane: Lane, owner: string): Promise<void>
}

export const parseLaneJob = parserOf(LaneJobSchema)

const LANE_OPTIONS = jobOptions(FAN_OUT_ATTEMPTS)
/** A third of the messages of ordered accounts that a process dispatches at once (inbox-workers.ts). */
const MAX_ENTRIES = 50
/**
 * Longer than the dispatch of one batch. The list of a killed process is found without a lease soon after
 * (stranded-lanes.ts).
 */
const LEASE_MS = 8_000

const nextEntries = defineScript({
  name: 'ordering/next-entries',
  keys: ['list', 'lease', 'waiting'],
  args: ['owner', 'leaseMs', 'done', 'most', 'account'],
})
const endLease = defineScript({ name: 'ordering/end-lease', keys: ['lease'], args: ['owner'] })

/** The inbox of all events of an account. */
function inboxOf({ account }: Lane, count: Pick<ShardCount, 'get'>): number {
  return shardOf(account, count.get())
}

/** `queues` are over the connection `redis`. */
export type LanesDeps = { redis: RedisConnection; count: Pick<ShardCount, 'get'>; queues: Pick<Queues, 'open'> }
export type LaneWriterDeps = LanesDeps & { replicas: Pick<ReplicaBarrier, 'confirmed'> }

export function createLaneWriter({ redis, count, queues, replicas }: LaneWriterDeps): LaneWriter {
  const nextShortId = createShortIds()

  const batches = createBatches<{ lane: Lane; entry: BatchedEvent }, true>({
    write: async (key, appended) => {
      const [first] = appended
      if (first === undefined) return []
      const inbox = inboxOf(first.lane, count)
      const queue = messageInbox(inbox)
      const entries = appended.map(({ entry: { arrival = nextShortId(), event, receivedAtMs, isOld, reply } }) =>
        JSON.stringify({ arrival, event, receivedAtMs, isOld, reply }),
      )
      const jobId = laneJobId(nextShortId())
      await replicas.confirmed(anyKeyOf(queue), async () => {
        const pushed = redis
          .multi()
          .zadd(waitingLanesKey(inbox), 0, laneName(first.lane))
          .rpush(key, ...entries)
          .exec()
        const [, length] = allSucceeded(await pushed)
        // A list with entries has a job, or one is being added. If a process was killed before it added one,
        // stranded-lanes.ts does.
        if (length === entries.length) await addLaneJob(queues.open(queue), first.lane, jobId)
      })
      return appended.map(() => true)
    },
  })

  return {
    append: (lane, entry) =>
      guardStore(async () => void (await batches.add(laneKey(inboxOf(lane, count), lane), { lane, entry }))),
  }
}

/** As the accounts' names stand in keys. */
function laneName({ platform, account }: Lane): string {
  return `${platform}.${account}`
}

/** Its messages are counted in the list. */
export const laneJobId = (id: string) => batchJobId(id, 0)

export function addLaneJob(queue: Pick<Queue, 'add'>, { platform, account }: Lane, jobId: string): Promise<unknown> {
  const data: LaneJob = { v: 1, kind: 'lane', platform, account }
  return queue.add(data.kind, data, { ...LANE_OPTIONS, jobId })
}

export function createLaneReader({ redis, count, queues }: LanesDeps): LaneReader {
  const nextShortId = createShortIds()
  return {
    goOnLater: (lane, owner) =>
      guardStore(async () => {
        const inbox = inboxOf(lane, count)
        // Release the lease first: otherwise the next job would find it and end.
        await endLease(redis, { lease: laneLeaseKey(inbox, lane), owner })
        await addLaneJob(queues.open(messageInbox(inbox)), lane, laneJobId(nextShortId()))
      }),

    next: (lane, owner, done) =>
      guardStore(async () => {
        const inbox = inboxOf(lane, count)
        const entries = await nextEntries(redis, {
          list: laneKey(inbox, lane),
          lease: laneLeaseKey(inbox, lane),
          waiting: waitingLanesKey(inbox),
          owner,
          leaseMs: LEASE_MS,
          done,
          most: MAX_ENTRIES,
          account: laneName(lane),
        })
        return Array.isArray(entries) ? entries.map(String) : undefined
      }),
  }
}
