// Owns: one job of several messages: each is dispatched by itself, and whatever does not succeed goes on in jobs of its
// own.
import { type BatchedEvent, BatchedEventSchema, type FanOutBatchJob, parserOf } from '@wxgw/contracts'
import type { JobContext, JobHandler, JobOutcome, LeftEntry, LeftMessages } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { GatewayError, isStoreAway } from '@wxgw/wechat-core'
import { platformNotConfigured } from '../../control-plane/platform-of-job.ts'
import type { DispatchRoom } from './dispatch-room.ts'
import type { FanOut } from './fan-out.ts'

export type FanOutBatchDeps = {
  /** The inbox that the jobs come from; what they leave goes back into it. */
  queue: string
  fanOutOf(platform: string): FanOut | undefined
  left: LeftMessages
  /** Of all inboxes. A push that waits for its answer needs none. */
  room: DispatchRoom
  nowMs(): number
  log: Pick<Log, 'error'>
}

const parseBatchedEvent = parserOf(BatchedEventSchema)
const DONE: JobOutcome = { kind: 'done' }
/** Until a failed event is tried again in a job of its own. Later attempts have the delays of any job. */
const AGAIN_MS = 1_000
/** What waits for the store waits a quarter as long as it is old already, and no longer than this. */
const AWAY_MOST_MS = 10_000
const AWAY_PART = 4

/**
 * A job that was started before may have killed its process: its events go on one by one. Nothing is taken out of a job
 * while it runs: a worker that has lost its lock would write back what another has done.
 */
export function fanOutBatchHandler(deps: FanOutBatchDeps): JobHandler<FanOutBatchJob> {
  const { queue, left, room } = deps
  return async ({ events }, context) => {
    const entries = events.map((entry, index): LeftEntry => {
      return { entry, arrival: arrivalOf(entry) ?? `${context.jobId}:${index}` }
    })
    const [first] = entries
    if (!context.isFirstRun && entries.length > 1) {
      await left.addEach(queue, entries)
      return DONE
    }
    if (first !== undefined && entries.length === 1) return handleAlone(deps, first, context)
    await room.enter(entries.length)
    const tried = await Promise.all(entries.map((entry) => leftAfter(deps, entry, context).finally(room.leave)))
    await leaveUndone(deps, tried.filter((one) => one !== undefined))
    return DONE
  }
}

/** Its outcome is the job's. */
async function handleAlone(deps: FanOutBatchDeps, lone: LeftEntry, context: JobContext): Promise<JobOutcome> {
  const { entry, arrival } = lone
  const message = parseBatchedEvent(entry)
  if (message === undefined) {
    deps.log.error({ jobId: context.jobId, arrival }, 'message.unreadable')
    return { kind: 'dead', error: new GatewayError('INTERNAL', 'the entry is no message') }
  }
  const dispatched = () => dispatch(deps, { message, arrival }, context)
  if (message.reply !== undefined) await dispatched()
  else {
    await deps.room.enter(1)
    await dispatched().finally(deps.room.leave)
  }
  return DONE
}

/** `awaySinceMs`: it is the store that did not answer, and the event has waited since then. */
type Left = LeftEntry & { delayMs?: number; awaySinceMs?: number }

/** Never rejects. */
async function leftAfter(deps: FanOutBatchDeps, lone: LeftEntry, context: JobContext): Promise<Left | undefined> {
  const message = parseBatchedEvent(lone.entry)
  if (message === undefined) return lone
  try {
    await dispatch(deps, { message, arrival: lone.arrival }, context)
    return undefined
  } catch (error) {
    // Whatever it is: the job that it goes on in meets it again, and says so.
    return isStoreAway(error) ? { ...lone, awaySinceMs: message.receivedAtMs } : { ...lone, delayMs: AGAIN_MS }
  }
}

/**
 * What its shard's master did not answer goes on together: it may be a third of all that comes, for as long as the
 * master is away. Everything else goes on alone.
 */
async function leaveUndone({ queue, left, nowMs }: FanOutBatchDeps, undone: readonly Left[]): Promise<void> {
  const waiting = undone.filter(({ awaySinceMs }) => awaySinceMs !== undefined)
  const failed = undone.filter(({ awaySinceMs }) => awaySinceMs === undefined)
  if (failed.length > 0) await left.addEach(queue, failed)
  if (waiting.length > 0) {
    const ageMs = nowMs() - Math.min(...waiting.map(({ awaySinceMs = 0 }) => awaySinceMs))
    const delayMs = Math.round(Math.min(Math.max(ageMs / AWAY_PART, AGAIN_MS), AWAY_MOST_MS))
    await left.addTogether(queue, waiting, delayMs)
  }
}

type Arrived = { message: BatchedEvent; arrival: string }

async function dispatch({ fanOutOf }: FanOutBatchDeps, arrived: Arrived, { signal }: JobContext): Promise<void> {
  const { message, arrival } = arrived
  const { event, receivedAtMs, isOld, reply } = message
  const fanOut = fanOutOf(event.platform)
  if (!fanOut) throw platformNotConfigured()
  const claim = { arrival, isOld }
  await fanOut(
    { v: 1, kind: 'fan-out', event, receivedAtMs, ...(reply ? { reply } : {}) },
    { stop: signal, mayCall: true, claim },
  )
}

function arrivalOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('arrival' in entry)) return undefined
  return typeof entry.arrival === 'string' ? entry.arrival : undefined
}
