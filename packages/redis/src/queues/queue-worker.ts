// Owns: BullMQ's Worker with settings that survive crashes, outages and a full memory, and its shutdown. run-job.ts
// runs one job.
import { setTimeout as delay } from 'node:timers/promises'
import { Stop } from '@wxgw/wechat-core'
import { createRedisBackend, DelayedError, type Job, Worker, type WorkerOptions } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { QUEUE_PREFIX } from '../keys.ts'
import { waitingNotForEver } from './bounded-waits.ts'
import { createErrorLog } from './error-log.ts'
import { exponentialBackoffMs } from './job-options.ts'
import { createOutageBrake, type OutageBrake } from './outage-brake.ts'
import { RetryLater, runJob, type RunJobDeps } from './run-job.ts'
import { fetchingSparingly } from './fetch-sparingly.ts'
import { waitingInProcess, type WakeUp } from './wake-up.ts'

export type QueueWorkerDeps<Payload> = Omit<RunJobDeps<Payload>, 'backoff'> & {
  /**
   * A `blocking` connection, shared by all workers. Each worker opens another one for its blocking read, unless it has
   * a `wakeUp`.
   */
  connection: RedisConnection
  /**
   * With it the worker opens no connection and waits in the process. The caller wakes it after adding a job, and polls
   * the queue for jobs of other processes.
   */
  wakeUp?: WakeUp
  concurrency: number
  /**
   * The Redis user must not call INFO, which BullMQ needs for the version: the check is skipped, and BullMQ assumes an
   * old Redis. Default false.
   */
  infoRefused?: boolean
  /** Default: exponential from 1 s, at most 60 s. */
  backoff?: RunJobDeps<Payload>['backoff']
  /** How long `close` waits for running jobs. Default 25 s, below the 30 s that supervisors usually give. */
  closeTimeoutMs?: number
}

export type QueueWorker = {
  readonly queue: string
  /** How many jobs run in this process now. */
  active(): number
  /** How many have been taken since the start. */
  taken(): number
  /** Whether a slot is free. */
  hasRoom(): boolean
  /** From 1. Running jobs go on. */
  setConcurrency(concurrency: number): void
  /**
   * Takes no more jobs and waits for the running ones, up to `closeTimeoutMs`; then aborts their signals and does not
   * wait any longer. Another worker runs unfinished jobs again. A repeated call gets the same promise. Never rejects.
   */
  close(): Promise<void>
}

type Opened = { worker: Worker; brake: OutageBrake }

// A job of a killed process runs again after at most lock time + check interval: 16 s measured; 61 s with BullMQ's
// defaults.
export const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** High, so that repeated crashes do not fail the job. */
const MAX_STALLED = 20
const DRAIN_DELAY_SECONDS = 5
/**
 * The pause after a lost or failed connection. With BullMQ's default of 15 s the worker would still wait when Redis is
 * back.
 */
const RUN_RETRY_MS = 1_000
const CLOSE_TIMEOUT_MS = 25_000
/** The time for writing the last outcomes, and for aborted jobs to end. */
const LAST_GRACE_MS = 2_000
/** BullMQ emits no event when its loop ends. */
const POLL_MS = 10

/**
 * Starts at once and recovers from every outage of Redis by itself. A lock is no mutual exclusion: handlers have to be
 * safe to run twice.
 */
export function createQueueWorker<Payload>(deps: QueueWorkerDeps<Payload>): QueueWorker {
  const { connection, concurrency, queue, log, infoRefused = false, wakeUp } = deps
  const { closeTimeoutMs = CLOSE_TIMEOUT_MS } = deps
  const backoff = deps.backoff ?? ((attempt: number) => exponentialBackoffMs(attempt))
  const running = new Map<string, Stop>()
  let taken = 0

  async function process(job: Job, token?: string): Promise<unknown> {
    const jobId = job.id ?? ''
    const stop = new Stop()
    running.set(jobId, stop)
    taken += 1
    try {
      return await runJob({ ...deps, backoff }, { job, token, signal: stop })
    } catch (error) {
      // The job was delayed, for which BullMQ emits no event.
      if (error instanceof DelayedError) wakeUp?.wake()
      throw error
    } finally {
      if (running.get(jobId) === stop) running.delete(jobId)
    }
  }

  const options: WorkerOptions = {
    connection,
    prefix: QUEUE_PREFIX,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
    drainDelay: DRAIN_DELAY_SECONDS,
    runRetryDelay: RUN_RETRY_MS,
    // BullMQ needs the version only for its blocking read, and would call INFO for each worker.
    skipVersionCheck: wakeUp !== undefined || infoRefused,
    settings: {
      // Called for RetryLater, and for errors of BullMQ itself (a lost lock, a refused write).
      backoffStrategy: (attempt, _type, error) =>
        error instanceof RetryLater ? error.delayMs : exponentialBackoffMs(attempt),
    },
  }
  const logError = createErrorLog(log, 'worker.failed', { queue })

  function open(): Opened {
    const worker: Worker = wakeUp
      ? new Worker(queue, process, options, waitingInProcess(createRedisBackend, wakeUp))
      : new Worker(
          queue,
          process,
          options,
          fetchingSparingly(waitingNotForEver(createRedisBackend), { isRunning: () => running.size > 0 }),
        )
    const brake = createOutageBrake(worker)
    worker.on('error', (error) => {
      logError(error)
      brake.onError(error)
    })
    worker.on('active', brake.onProgress)
    if (wakeUp) {
      // After each of these there may be a job to take, or an earlier delay to wait for.
      for (const event of ['failed', 'stalled', 'resumed'] as const) worker.on(event, wakeUp.wake)
    }
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) running.get(jobId)?.abort(new Error('the lock of the job is lost'))
    })
    worker.on('failed', (job, error) => {
      // Only the final failure: retries are logged by the handler.
      if (job?.finishedOn !== undefined)
        log.warn({ queue, jobId: job.id, attempts: job.attemptsMade, reason: error.message }, 'job.dead')
    })
    worker.waitUntilReady().catch(() => reopenLater(worker))
    return { worker, brake }
  }

  /**
   * BullMQ connects once. When that fails (for example INFO in a cluster without one of its masters), the worker never
   * takes a job.
   */
  function reopenLater(failed: Worker): void {
    if (closing || current.worker !== failed) return
    reopening = setTimeout(() => {
      current.brake.stop()
      failed.close(true).catch(logError)
      const { concurrency } = failed
      current = open()
      current.worker.concurrency = concurrency
    }, RUN_RETRY_MS)
  }

  let reopening: NodeJS.Timeout | undefined
  let closing: Promise<void> | undefined
  let current = open()

  /**
   * Waits until no job runs and BullMQ has written the outcomes. False when the time was over first.
   */
  async function drained(timeoutMs: number): Promise<boolean> {
    const startedAt = performance.now()
    for (let idleSince: number | undefined; current.worker.isRunning(); await delay(POLL_MS)) {
      const now = performance.now()
      idleSince = running.size > 0 ? undefined : (idleSince ?? now)
      if (now - startedAt > timeoutMs || (idleSince !== undefined && now - idleSince > LAST_GRACE_MS)) return false
    }
    return true
  }

  async function close(): Promise<void> {
    clearTimeout(reopening)
    const { worker, brake } = current
    brake.stop()
    // Not worker.close(): while Redis is away it never resolves, and its timers keep the process alive.
    await worker.pause(true)
    worker.getBackend().disconnectBlocking(false).catch(logError)
    if (!(await drained(closeTimeoutMs)) && running.size > 0) {
      for (const stop of running.values()) stop.abort(new Error('the process ends'))
      if (!(await drained(LAST_GRACE_MS))) log.warn({ queue, active: running.size }, 'worker.abandoned')
    }
    await worker.close(true)
  }

  return {
    queue,
    active: () => running.size,
    taken: () => taken,
    hasRoom: () => running.size < current.worker.concurrency,
    setConcurrency: (jobs) => {
      current.worker.concurrency = jobs
    },
    close: () => (closing ??= close()),
  }
}
