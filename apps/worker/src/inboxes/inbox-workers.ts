// Owns: the workers of the message inboxes: their handlers, and how many jobs and messages they run at once.
import { type FanOutBatchJob, FanOutBatchJobSchema, type LaneJob, parserOf } from '@wxgw/contracts'
import {
  createQueueWorker,
  type JobHandler,
  type LaneReader,
  type MessageRequeue,
  messageInbox,
  parseLaneJob,
  type RedisConnection,
  type ShardCount,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { DIRECT_CALLS_AT_MOST } from '../delivery/fan-out/direct-calls.ts'
import { createDispatchSlots, type DispatchSlots } from '../delivery/fan-out/dispatch-slots.ts'
import { fanOutBatchHandler } from '../delivery/fan-out/fan-out-batch.ts'
import type { FanOut } from '../delivery/fan-out/fan-out.ts'
import type { OrderedDeliveries } from '../delivery/ordered/ordered-deliveries.ts'
import { laneHandler } from './lane.ts'
import { type ServedInboxes, serveInboxes, type ServeInboxesDeps } from './serve-inboxes.ts'

type InboxWorkersDeps = Pick<ServeInboxesDeps, 'registry' | 'worker'> & {
  count: Pick<ShardCount, 'known' | 'get'>
  connection: RedisConnection
  fanOutOf(platform: string): FanOut | undefined
  orderedOf(platform: string): OrderedDeliveries | undefined
  requeue: MessageRequeue
  lanes: LaneReader
  /** The Redis user must not call INFO. */
  infoRefused?: boolean
  nowMs(): number
  log: Log
}

/** Full jobs, without those that wait for a webhook's answer. */
const BATCHES_AT_ONCE = 10
/**
 * Enough for dozens of small jobs. Not more, because messages of full jobs would compete for a webhook's slots: a
 * delivery without a slot goes to the queue, which costs twice as much.
 */
export const MESSAGES_AT_ONCE = 75
/** A recording step writes to one shard: with several shards, more messages at once keep the steps about as large. */
const MAX_SLOTS = 8 * MESSAGES_AT_ONCE

/** Of ordered accounts, besides those: three full rounds of their lists (lanes.ts). */
const LANE_MESSAGES_AT_ONCE = 150

const parseFanOutBatchJob = parserOf(FanOutBatchJobSchema)
const parseInboxJob = (data: unknown) => parseFanOutBatchJob(data) ?? parseLaneJob(data)

export function startInboxWorkers(deps: InboxWorkersDeps): ServedInboxes {
  const { count, registry, worker, connection, infoRefused = false, log } = deps
  let slots: DispatchSlots | undefined
  /** A round of a list keeps its slots until its last call has ended. */
  const laneSlots = createDispatchSlots(LANE_MESSAGES_AT_ONCE)
  return serveInboxes({
    count,
    registry,
    worker,
    concurrency: BATCHES_AT_ONCE + DIRECT_CALLS_AT_MOST,
    open: (inbox, concurrency) => {
      slots ??= slotsFor(count.get())
      const queue = messageInbox(inbox)
      const handleBatch = fanOutBatchHandler({ ...deps, queue, slots })
      const handleLane = laneHandler({ ...deps, queue, slots: laneSlots })
      const handle: JobHandler<FanOutBatchJob | LaneJob> = (job, context) =>
        job.kind === 'lane' ? handleLane(job, context) : handleBatch(job, context)
      return createQueueWorker({ connection, infoRefused, queue, concurrency, parse: parseInboxJob, handle, log })
    },
    log,
  })
}

function slotsFor(shards: number): DispatchSlots {
  if (shards === 1) return createDispatchSlots(MESSAGES_AT_ONCE)
  const size = Math.min(shards * MESSAGES_AT_ONCE, MAX_SLOTS)
  return createDispatchSlots(size, { lot: size / 2 })
}
