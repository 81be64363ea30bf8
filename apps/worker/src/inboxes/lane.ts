// Owns: dispatching the list of an ordered account: its events are dispatched in the order in which they were accepted.
import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type BatchedEvent, BatchedEventSchema, type LaneJob, parserOf } from '@wxgw/contracts'
import {
  type JobContext,
  type JobHandler,
  type JobOutcome,
  type LaneReader,
  type MessageRequeue,
  unlessRightMissing,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { GatewayError, isStoreAway } from '@wxgw/wechat-core'
import { platformNotConfigured } from '../control-plane/platform-of-job.ts'
import type { DispatchSlots } from '../delivery/fan-out/dispatch-slots.ts'
import type { FanOut } from '../delivery/fan-out/fan-out.ts'
import { createOrderedBatch, type OrderedBatch, type OrderedBatchDeps } from '../delivery/ordered/ordered-batch.ts'
import type { OrderedDeliveries } from '../delivery/ordered/ordered-deliveries.ts'
import type { MayWrite } from '../delivery/ordered/write-in-order.ts'

export type LaneDeps = {
  /** The inbox that the jobs come from. */
  queue: string
  fanOutOf(platform: string): FanOut | undefined
  orderedOf(platform: string): OrderedDeliveries | undefined
  lanes: LaneReader
  requeue: Pick<MessageRequeue, 'addEach'>
  slots: DispatchSlots
  log: Pick<Log, 'warn' | 'error'>
}

const parseBatchedEvent = parserOf(BatchedEventSchema)
const DONE: JobOutcome = { kind: 'done' }
/** Rounds per job. After that other accounts have their turn. */
const MAX_ROUNDS = 20
const AWAY_MS = 500
/** The delay of an event that failed although the store was there. */
const AGAIN_MS = 1_000

type Waiting = { entry: unknown; message: BatchedEvent | undefined; arrival: string }
type Entries = { platform: string; entries: readonly Waiting[] }

export function laneHandler(deps: LaneDeps): JobHandler<LaneJob> {
  const { lanes } = deps
  return async (lane, context) => {
    let done = 0
    for (let round = 0; round < MAX_ROUNDS && !context.signal.aborted; round += 1) {
      const texts = await lanes.next(lane, context.jobId, done)
      if (texts === undefined) return DONE
      done = await dispatchAll(deps, { platform: lane.platform, entries: texts.map(read) }, context)
      // An event whose shard does not answer delays the other events of its account.
      if (done < texts.length) await delay(AWAY_MS)
    }
    // A new job for the rest: one job that runs for long would use up its attempts when workers are killed repeatedly.
    if ((await lanes.next(lane, context.jobId, done)) !== undefined) await lanes.goOnLater(lane, context.jobId)
    return DONE
  }
}

/** Answers how many were dispatched, counted from the first to the first failure. Never rejects. */
async function dispatchAll(deps: LaneDeps, lane: Entries, context: JobContext): Promise<number> {
  const { slots } = deps
  const { entries } = lane
  const batch = await batchOf(deps, lane, context)
  if (batch === undefined) return 0
  await slots.enter(entries.length)
  const dispatched = await Promise.all(
    entries.map((waiting, index) => dispatchOne(deps, { waiting, index, batch }, context).finally(slots.leave)),
  )
  const firstLeft = dispatched.indexOf(false)
  return firstLeft === -1 ? entries.length : firstLeft
}

/** Without the platform nothing is dispatched. */
const NO_ORDER: OrderedBatchDeps = { record: async () => [], mayWrite: () => false, enqueue: async () => {} }

/** undefined: the store is away. */
async function batchOf(deps: LaneDeps, lane: Entries, { signal }: JobContext): Promise<OrderedBatch | undefined> {
  const { platform, entries } = lane
  const ordered = deps.orderedOf(platform)
  if (ordered === undefined) return createOrderedBatch(entries.length, NO_ORDER)
  const mayWrite = await writableOf(deps, ordered, lane)
  if (mayWrite === undefined) return undefined
  return createOrderedBatch(entries.length, {
    record: ordered.recordInOrder,
    mayWrite(index, subscription) {
      const event = entries[index]?.message?.event
      return event !== undefined && mayWrite(subscription, event)
    },
    enqueue: (subscription, deliveries) =>
      unlessRightMissing(
        () => ordered.dispatch(subscription, deliveries, { mayWrite, stop: signal }),
        (error) => {
          throw rightMissing(error)
        },
      ),
  })
}

/** Not STORE_UNAVAILABLE, for which the whole list waits: the events leave the list, and the others go on. */
function rightMissing(cause: unknown): GatewayError {
  return new GatewayError('INTERNAL', 'no right to the queue of a subscription', { retry: true, cause })
}

async function writableOf(
  { log, queue }: LaneDeps,
  ordered: OrderedDeliveries,
  { entries }: Entries,
): Promise<MayWrite | undefined> {
  try {
    return await ordered.findWritable(entries.flatMap(({ message }) => message?.event ?? []))
  } catch (error) {
    if (isStoreAway(error)) return undefined
    log.warn({ err: error, queue }, 'lane.not_written')
    return () => false
  }
}

type Placed = { waiting: Waiting; index: number; batch: OrderedBatch }

/** False: it has to be dispatched again, before all later ones. */
async function dispatchOne(deps: LaneDeps, { waiting, index, batch }: Placed, context: JobContext): Promise<boolean> {
  const { message, arrival } = waiting
  try {
    if (message === undefined) {
      batch.ended(index)
      return await leaveAlone(deps, waiting)
    }
    const { event, receivedAtMs, isOld, reply } = message
    const fanOut = deps.fanOutOf(event.platform)
    if (!fanOut) throw platformNotConfigured()
    const job = { v: 1, kind: 'fan-out', event, receivedAtMs, ...(reply ? { reply } : {}) } as const
    await fanOut(job, { stop: context.signal, mayCall: true, claim: { arrival, isOld }, place: batch.place(index) })
    batch.ended(index)
    return true
  } catch (error) {
    const isAway = isStoreAway(error)
    batch.ended(index, isAway ? error : undefined)
    if (isAway) return false
    deps.log.warn({ err: error, queue: deps.queue, arrival }, 'lane.left')
    return leaveAlone(deps, waiting)
  }
}

/** Moves the event to a job of its own, outside the order: otherwise it would block its account for ever. */
async function leaveAlone({ requeue, queue, log }: LaneDeps, { entry, arrival }: Waiting): Promise<boolean> {
  try {
    await requeue.addEach(queue, [{ entry, arrival, delayMs: AGAIN_MS }])
    return true
  } catch (error) {
    log.warn({ err: error, queue, arrival }, 'lane.not_left')
    return false
  }
}

/** Only lanes.ts writes the entries, each with its arrival. One that was damaged must not hold up its account. */
function read(text: string): Waiting {
  const entry = jsonOf(text)
  const message = parseBatchedEvent(entry)
  return {
    entry,
    message,
    arrival: message?.arrival ?? `unreadable-${hash('sha256', text)}`,
  }
}

/** The text itself when it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
