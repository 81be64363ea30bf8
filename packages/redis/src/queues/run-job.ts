// Owns: one run of one job: parse the payload, call the handler, and turn its outcome or error into BullMQ's error
// classes.
import { GatewayError, isStoreAway, type StopSignal } from '@wxgw/wechat-core'
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq'
import { storeErrorCode } from '../store-errors.ts'

export type JobContext = {
  jobId: string
  /** The first is 1. A run that ended with its process is not counted. */
  attempt: number
  /** False when the job was started before, whatever the outcome. */
  isFirstRun: boolean
  /** An earlier run ended with its process, or lost its lock: nobody knows how far it came. */
  isAfterKill: boolean
  /** How many attempts remain if this one fails. */
  attemptsLeft: number
  /**
   * Aborts when the job's lock is lost or the process must not wait any longer. Pass it to every outgoing call.
   */
  signal: StopSignal
}

/**
 * `error` is stored in Redis and shown to callers: a GatewayError or a short fixed text. Of any other error only the
 * name is stored.
 */
export type JobOutcome =
  | { kind: 'done'; value?: unknown }
  /** Failed: retried after `delayMs` (default: the worker's backoff) while attempts are left. */
  | { kind: 'retry'; error: unknown; delayMs?: number | undefined }
  /** Failed for good, even if attempts are left. `attempts`: how many were made, when this run made none. */
  | { kind: 'dead'; error: unknown; attempts?: number | undefined }
  /** Run again after `delayMs`. This run is not counted. */
  | { kind: 'delay'; delayMs: number }
  /** Put back to the head of its queue. This run is not counted. */
  | { kind: 'back' }

export type JobHandler<Payload> = (payload: Payload, context: JobContext) => Promise<JobOutcome>

export type JobLog = {
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

export type RunJobDeps<Payload> = {
  queue: string
  /** undefined when the data is no such payload. */
  parse: (data: unknown) => Payload | undefined
  handle: JobHandler<Payload>
  /** The delay after the n-th failed attempt, n from 1. */
  backoff: (attempt: number, payload: Payload) => number
  log: JobLog
}

/** Carries the delay from here to BullMQ's backoff strategy. */
export class RetryLater extends Error {
  readonly delayMs: number

  constructor(reason: string, delayMs: number) {
    super(reason)
    this.name = 'RetryLater'
    this.delayMs = Math.max(0, Math.round(delayMs))
  }
}

const REASON_LENGTH = 300
/** While the store is away a job is delayed by this, and no attempt is counted. */
const STORE_AWAY_DELAY_MS = 1_000

/**
 * Resolves when the job is done. Rejects with RetryLater, UnrecoverableError, DelayedError or WaitingError, whose texts
 * contain no secret.
 */
export async function runJob<Payload>(
  deps: RunJobDeps<Payload>,
  { job, token, signal }: { job: Job; token: string | undefined; signal: StopSignal },
): Promise<unknown> {
  const jobId = job.id ?? ''
  const attempts = job.opts.attempts ?? 1

  const payload = deps.parse(job.data)
  if (payload === undefined) {
    deps.log.error({ queue: deps.queue, jobId }, 'job.unreadable')
    throw new UnrecoverableError('INTERNAL: the job is not what this queue carries')
  }

  const attempt = job.attemptsMade + 1
  const isFirstRun = job.attemptsStarted <= 1
  const isAfterKill = job.stalledCounter > 0
  const attemptsLeft = Math.max(attempts - attempt, 0)
  const context: JobContext = { jobId, attempt, isFirstRun, isAfterKill, attemptsLeft, signal }
  const outcome = await handled(deps, payload, context)
  switch (outcome.kind) {
    case 'done':
      return outcome.value
    case 'delay':
      await job.moveToDelayed(Date.now() + Math.max(0, outcome.delayMs), token)
      throw new DelayedError()
    case 'back':
      await job.moveToWait(token)
      throw new WaitingError()
    case 'retry':
      throw new RetryLater(reasonOf(outcome.error), outcome.delayMs ?? deps.backoff(attempt, payload))
    case 'dead':
      if (outcome.attempts !== undefined) await job.updateData({ ...job.data, attempts: outcome.attempts })
      throw new UnrecoverableError(reasonOf(outcome.error))
    default:
      return neverHappens(outcome)
  }
}

async function handled<Payload>(deps: RunJobDeps<Payload>, payload: Payload, context: JobContext): Promise<JobOutcome> {
  try {
    return await deps.handle(payload, context)
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      // A bug, or an error of a library that should have become one of ours. Its text may contain anything.
      const at =
        error instanceof Error ? error.stack?.split('\n').filter((line) => line.startsWith('    at ')) : undefined
      const { jobId, attempt } = context
      deps.log.error(
        { queue: deps.queue, jobId, attempt, error: storeErrorCode(error), at: at?.slice(0, 5) },
        'job.threw',
      )
      return { kind: 'retry', error }
    }
    if (isStoreAway(error)) return { kind: 'delay', delayMs: STORE_AWAY_DELAY_MS }
    if (!error.retry) return { kind: 'dead', error }
    const asked = error.retryAfterSeconds === undefined ? 0 : error.retryAfterSeconds * 1000
    return { kind: 'retry', error, delayMs: Math.max(asked, deps.backoff(context.attempt, payload)) }
  }
}

/** The text that is stored in Redis and shown as `lastError`. */
function reasonOf(error: unknown): string {
  if (error instanceof GatewayError) return `${error.code}: ${error.message}`.slice(0, REASON_LENGTH)
  return (typeof error === 'string' ? error : storeErrorCode(error)).slice(0, REASON_LENGTH)
}

function neverHappens(outcome: never): never {
  throw new UnrecoverableError(`unknown outcome ${typeof outcome}`)
}
