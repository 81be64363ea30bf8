// Owns: one job of several messages. Each is dispatched by itself; those that fail are enqueued again in jobs of their
// own.
import { type BatchedEvent, BatchedEventSchema, type FanOutBatchJob, type FanOutJob, parserOf } from '@wxgw/contracts'
import type { JobContext, JobHandler, JobOutcome, RequeuedEntry, MessageRequeue } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { GatewayError, isStoreAway } from '@wxgw/wechat-core'
import { platformNotConfigured } from '../../control-plane/platform-of-job.ts'
import type { DispatchSlots } from './dispatch-slots.ts'
import type { FanOut } from './fan-out.ts'

type FanOutBatchDeps = {
  /** The inbox that the jobs come from. Messages that fail go back into it. */
  queue: string
  fanOutOf(platform: string): FanOut | undefined
  requeue: MessageRequeue
  /** Shared by all inboxes. A message whose push waits for a reply needs no slot. */
  slots: DispatchSlots
  nowMs(): number
  log: Pick<Log, 'error'>
}

const parseBatchedEvent = parserOf(BatchedEventSchema)
const DONE: JobOutcome = { kind: 'done' }
/** The delay of a failed event's own job. Later attempts have the backoff of any job. */
const RETRY_AFTER_MS = 1_000
/** While the store is away, the delay is a quarter of the event's age, at most this. */
const MAX_AWAY_DELAY_MS = 10_000
const AWAY_DIVISOR = 4

/**
 * A job that has run before may have killed its process: each of its events gets a job of its own. A running job's
 * events are not changed: a worker that has lost its lock would overwrite what another one has done.
 */
export function fanOutBatchHandler(deps: FanOutBatchDeps): JobHandler<FanOutBatchJob> {
  const { queue, requeue, slots } = deps
  return async ({ events }, context) => {
    const entries = events.map((entry, index): RequeuedEntry => {
      return { entry, arrival: arrivalOf(entry) ?? `${context.jobId}:${index}` }
    })
    const [first] = entries
    if (!context.isFirstRun && entries.length > 1) {
      await requeue.addEach(queue, entries)
      return DONE
    }
    if (first !== undefined && entries.length === 1) return handleAlone(deps, first, context)
    await slots.enter(entries.length)
    const tried = await Promise.all(entries.map((entry) => leftAfter(deps, entry, context).finally(slots.leave)))
    await requeueUndone(
      deps,
      tried.filter((one) => one !== undefined),
    )
    return DONE
  }
}

/** A job of one message: the outcome of its dispatch is the job's. */
async function handleAlone(deps: FanOutBatchDeps, lone: RequeuedEntry, context: JobContext): Promise<JobOutcome> {
  const { entry, arrival } = lone
  const message = parseBatchedEvent(entry)
  if (message === undefined) {
    deps.log.error({ jobId: context.jobId, arrival }, 'message.unreadable')
    return { kind: 'dead', error: new GatewayError('INTERNAL', 'the entry is no message') }
  }
  const dispatched = () => dispatch(deps, { message, arrival }, context)
  if (message.reply !== undefined) await dispatched()
  else {
    await deps.slots.enter(1)
    await dispatched().finally(deps.slots.leave)
  }
  return DONE
}

/** `awaySinceMs`: the store did not answer; when the event came. */
type Left = RequeuedEntry & { delayMs?: number; awaySinceMs?: number }

/** Dispatches one message. Answers what is to be enqueued again. Never rejects. */
async function leftAfter(deps: FanOutBatchDeps, lone: RequeuedEntry, context: JobContext): Promise<Left | undefined> {
  const message = parseBatchedEvent(lone.entry)
  if (message === undefined) return lone
  try {
    await dispatch(deps, { message, arrival: lone.arrival }, context)
    return undefined
  } catch (error) {
    // Not logged: the event's own job meets the same error and logs it.
    return isStoreAway(error) ? { ...lone, awaySinceMs: message.receivedAtMs } : { ...lone, delayMs: RETRY_AFTER_MS }
  }
}

/**
 * Events whose shard's master did not answer share one job: they may be a third of all events, as long as the master is
 * away. Every other event gets a job of its own.
 */
async function requeueUndone({ queue, requeue, nowMs }: FanOutBatchDeps, undone: readonly Left[]): Promise<void> {
  const waiting = undone.filter(({ awaySinceMs }) => awaySinceMs !== undefined)
  const failed = undone.filter(({ awaySinceMs }) => awaySinceMs === undefined)
  if (failed.length > 0) await requeue.addEach(queue, failed)
  if (waiting.length > 0) {
    const ageMs = nowMs() - Math.min(...waiting.map(({ awaySinceMs = 0 }) => awaySinceMs))
    const delayMs = Math.round(Math.min(Math.max(ageMs / AWAY_DIVISOR, RETRY_AFTER_MS), MAX_AWAY_DELAY_MS))
    await requeue.addTogether(queue, waiting, delayMs)
  }
}

type Arrived = { message: BatchedEvent; arrival: string }

async function dispatch({ fanOutOf }: FanOutBatchDeps, arrived: Arrived, { signal }: JobContext): Promise<void> {
  const { message, arrival } = arrived
  const { event, receivedAtMs, isOld, reply } = message
  const fanOut = fanOutOf(event.platform)
  if (!fanOut) throw platformNotConfigured()
  const claim = { arrival, isOld }
  const job: FanOutJob = { v: 1, kind: 'fan-out', event, receivedAtMs }
  if (reply !== undefined) job.reply = reply
  await fanOut(job, { stop: signal, mayCall: true, claim })
}

function arrivalOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('arrival' in entry)) return undefined
  return typeof entry.arrival === 'string' ? entry.arrival : undefined
}
