// Owns: BullMQ's Worker with the settings that survive crashes, outages and full memories, and its orderly end.
// What one run of a job does is run-job.ts' business.
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
import { lookingSparingly } from './sparing-looks.ts'
import { waitingInProcess, type WakeUp } from './wake-up.ts'

export type QueueWorkerDeps<Payload> = Omit<RunJobDeps<Payload>, 'backoff'> & {
  /**
   * A `blocking` connection, shared by all workers; each adds one of its own for its blocking read, unless it has a
   * `wakeUp`.
   */
  connection: RedisConnection
  /**
   * It opens no connection and waits for this: whoever adds a job wakes it, and somebody watches the queue for what
   * others add.
   */
  wakeUp?: WakeUp
  concurrency: number
  /**
   * BullMQ asks INFO for the version and does not work without; where it is refused it takes Redis for an old one.
   * Default false.
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
  /** Are fewer running than may? */
  hasRoom(): boolean
  /** From 1. Running jobs go on. */
  setConcurrency(concurrency: number): void
  /**
   * Takes no more jobs and waits for the running ones; then aborts their signals and lets go. What was not finished is
   * run again by another worker. The same promise on repeat; never rejects.
   */
  close(): Promise<void>
}

type Opened = { worker: Worker; brake: OutageBrake }

// A job of a killed process runs elsewhere after at most lock + interval (16 s measured; BullMQ's defaults: 61 s).
export const LOCK_MS = 10_000
const STALLED_CHECK_MS = 5_000
/** A second crash in the same job must not end it. */
const MAX_STALLED = 20
const DRAIN_DELAY_SECONDS = 5
/**
 * After a lost connection, or one that did not open; BullMQ's default of 15 s would be waited although Redis is back.
 */
const RUN_RETRY_MS = 1_000
const CLOSE_TIMEOUT_MS = 25_000
/** For what should take milliseconds: outcomes on their way to Redis, and jobs that were told to stop. */
const LAST_GRACE_MS = 2_000
/** BullMQ says by no event that its loop has ended. */
const POLL_MS = 10

/**
 * Starts at once and recovers from every outage of Redis by itself. A lock is no mutual exclusion: handlers are safe to
 * run twice.
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
      // Put off, which BullMQ emits no event for.
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
    // It needs the version only to block, and would ask at each opening.
    skipVersionCheck: wakeUp !== undefined || infoRefused,
    settings: {
      // Called for RetryLater, and for what BullMQ itself throws around a run (a lost lock, a refused write).
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
          lookingSparingly(waitingNotForEver(createRedisBackend), { isRunning: () => running.size > 0 }),
        )
    const brake = createOutageBrake(worker)
    worker.on('error', (error) => {
      logError(error)
      brake.onError(error)
    })
    worker.on('active', brake.onProgress)
    if (wakeUp) {
      // After each of these there is a job to take, or an earlier time to wait for.
      for (const event of ['failed', 'stalled', 'resumed'] as const) worker.on(event, wakeUp.wake)
    }
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) running.get(jobId)?.abort(new Error('the lock of the job is lost'))
    })
    worker.on('failed', (job, error) => {
      // Retries are logged where the work is done; this is the end of it.
      if (job?.finishedOn !== undefined)
        log.warn({ queue, jobId: job.id, attempts: job.attemptsMade, reason: error.message }, 'job.dead')
    })
    worker.waitUntilReady().catch(() => reopenLater(worker))
    return { worker, brake }
  }

  /**
   * BullMQ connects once: when that fails (INFO meets a cluster that has lost a master), the worker takes nothing for
   * ever.
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
   * False when the time was over first: `closeTimeoutMs`, or, once no job runs, what BullMQ takes to write its outcomes
   * down.
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
    // Not worker.close(): with Redis away it waits for ever, and its timers keep the process alive.
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
