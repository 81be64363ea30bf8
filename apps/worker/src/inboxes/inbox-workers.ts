// Owns: how the inboxes of messages are worked on: the handler, how many jobs at once, and how many messages.
import { type FanOutBatchJob, FanOutBatchJobSchema, type LaneJob, parserOf } from '@wxgw/contracts'
import {
  createQueueWorker,
  type JobHandler,
  type LaneReader,
  type LeftMessages,
  messageInbox,
  parseLaneJob,
  type RedisConnection,
  type ShardCount,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { DIRECT_CALLS_AT_MOST } from '../delivery/fan-out/direct-calls.ts'
import { createDispatchRoom, type DispatchRoom } from '../delivery/fan-out/dispatch-room.ts'
import { fanOutBatchHandler } from '../delivery/fan-out/fan-out-batch.ts'
import type { FanOut } from '../delivery/fan-out/fan-out.ts'
import type { OrderedDeliveries } from '../delivery/ordered/ordered-deliveries.ts'
import { laneHandler } from './lane.ts'
import { type ServedInboxes, serveInboxes, type ServeInboxesDeps } from './serve-inboxes.ts'

export type InboxWorkersDeps = Pick<ServeInboxesDeps, 'registry' | 'worker'> & {
  count: Pick<ShardCount, 'known' | 'get'>
  connection: RedisConnection
  fanOutOf(platform: string): FanOut | undefined
  orderedOf(platform: string): OrderedDeliveries | undefined
  left: LeftMessages
  lanes: LaneReader
  /** Redis lets this user not ask INFO. */
  infoRefused?: boolean
  nowMs(): number
  log: Log
}

/** Full ones, beside those that wait for a webhook's answer. */
const BATCHES_AT_ONCE = 10
/**
 * Small jobs run by the dozen, and of full ones not so many that their messages compete for a webhook's places: who
 * finds none goes by the queue, which costs twice as much.
 */
export const MESSAGES_AT_ONCE = 75
/** A step of Redis serves one shard: with several, more messages at once keep it about as large. */
const MOST_ROOM = 8 * MESSAGES_AT_ONCE

const parseFanOutBatchJob = parserOf(FanOutBatchJobSchema)
const parseInboxJob = (data: unknown) => parseFanOutBatchJob(data) ?? parseLaneJob(data)

export function startInboxWorkers(deps: InboxWorkersDeps): ServedInboxes {
  const { count, registry, worker, connection, infoRefused = false, log } = deps
  let room: DispatchRoom | undefined
  return serveInboxes({
    count,
    registry,
    worker,
    concurrency: BATCHES_AT_ONCE + DIRECT_CALLS_AT_MOST,
    open: (inbox, concurrency) => {
      room ??= roomFor(count.get())
      const queue = messageInbox(inbox)
      const handleBatch = fanOutBatchHandler({ ...deps, queue, room })
      const handleLane = laneHandler({ ...deps, queue, room })
      const handle: JobHandler<FanOutBatchJob | LaneJob> = (job, context) =>
        job.kind === 'lane' ? handleLane(job, context) : handleBatch(job, context)
      return createQueueWorker({ connection, infoRefused, queue, concurrency, parse: parseInboxJob, handle, log })
    },
    log,
  })
}

function roomFor(shards: number): DispatchRoom {
  if (shards === 1) return createDispatchRoom(MESSAGES_AT_ONCE)
  const size = Math.min(shards * MESSAGES_AT_ONCE, MOST_ROOM)
  return createDispatchRoom(size, { lot: size / 2 })
}
