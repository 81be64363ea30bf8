// Owns: one job of several messages: each is dispatched by itself, and whatever does not succeed goes on as a job of
// its own.
import { type BatchedEvent, BatchedEventSchema, type FanOutBatchJob, parserOf } from '@wxgw/contracts'
import type { JobContext, JobHandler, JobOutcome, LoneEntry, MessageBatches } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import { platformNotConfigured } from '../control-plane/platform-of-job.ts'
import { createDispatchRoom } from './dispatch-room.ts'
import type { FanOut } from './fan-out.ts'

export type FanOutBatchDeps = {
  fanOutOf(platform: string): FanOut | undefined
  batches: Pick<MessageBatches, 'addEach'>
  log: Pick<Log, 'error'>
}

const parseBatchedEvent = parserOf(BatchedEventSchema)
/**
 * Small jobs run by the dozen, and of full ones not so many that their messages compete for a webhook's places: who
 * finds none goes by the queue, which costs twice as much.
 */
const MESSAGES_AT_ONCE = 75
const DONE: JobOutcome = { kind: 'done' }
/** Until a failed event is tried again in a job of its own. Later attempts have the delays of any job. */
const AGAIN_MS = 1_000

/**
 * A job that was started before may have killed its process: its events go on one by one. Nothing is taken out of a job
 * while it runs: a worker that has lost its lock would write back what another has done.
 */
export function fanOutBatchHandler(deps: FanOutBatchDeps): JobHandler<FanOutBatchJob> {
  const room = createDispatchRoom(MESSAGES_AT_ONCE)
  return async ({ events }, context) => {
    const entries = events.map((entry, index): LoneEntry => {
      return { entry, arrival: arrivalOf(entry) ?? `${context.jobId}:${index}` }
    })
    const [first] = entries
    if (!context.isFirstRun && entries.length > 1) {
      await deps.batches.addEach(entries)
      return DONE
    }
    await room.enter(entries.length)
    if (first !== undefined && entries.length === 1) return handleAlone(deps, first, context).finally(room.leave)
    const tried = await Promise.all(entries.map((entry) => leftAfter(deps, entry, context).finally(room.leave)))
    const left = tried.filter((entry) => entry !== undefined)
    if (left.length > 0) await deps.batches.addEach(left)
    return DONE
  }
}

/** Its outcome is the job's. */
async function handleAlone(deps: FanOutBatchDeps, lone: LoneEntry, context: JobContext): Promise<JobOutcome> {
  const { entry, arrival } = lone
  const message = parseBatchedEvent(entry)
  if (message === undefined) {
    deps.log.error({ jobId: context.jobId, arrival }, 'message.unreadable')
    return { kind: 'dead', error: new GatewayError('INTERNAL', 'the entry is no message') }
  }
  await dispatch(deps, { message, arrival }, context)
  return DONE
}

/** Never rejects. */
async function leftAfter(deps: FanOutBatchDeps, lone: LoneEntry, context: JobContext): Promise<LoneEntry | undefined> {
  const message = parseBatchedEvent(lone.entry)
  if (message === undefined) return lone
  try {
    await dispatch(deps, { message, arrival: lone.arrival }, context)
    return undefined
  } catch {
    // Whatever it is: the job of its own meets it again, and says so.
    return { ...lone, delayMs: AGAIN_MS }
  }
}

type Arrived = { message: BatchedEvent; arrival: string }

async function dispatch({ fanOutOf }: FanOutBatchDeps, arrived: Arrived, { signal }: JobContext): Promise<void> {
  const { message, arrival } = arrived
  const { event, receivedAtMs, isOld } = message
  const fanOut = fanOutOf(event.platform)
  if (!fanOut) throw platformNotConfigured()
  const claim = { arrival, isOld }
  await fanOut({ v: 1, kind: 'fan-out', event, receivedAtMs }, { stop: signal, mayCall: true, claim })
}

function arrivalOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('arrival' in entry)) return undefined
  return typeof entry.arrival === 'string' ? entry.arrival : undefined
}
