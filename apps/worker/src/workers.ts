// Owns: the table of queues with their handlers and concurrency. Inboxes of messages have their own (inboxes/), and so
// have the queues of subscriptions (delivery/queue/).
import {
  ComponentEventJobSchema,
  DeadLettersJobSchema,
  EraseJobSchema,
  FanOutJobSchema,
  parserOf,
  ProfileJobSchema,
  ReleaseCheckJobSchema,
  type SyncJob,
  SyncJobSchema,
} from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import {
  COMPONENT_EVENTS_QUEUE,
  createQueueWorker,
  exponentialBackoffMs,
  type JobContext,
  type JobHandler,
  type JobOutcome,
  MAINTENANCE_QUEUE,
  MESSAGES_QUEUE,
  PLATFORM_EVENTS_QUEUE,
  type QueueWorker,
  type QueueWorkerDeps,
  type RedisConnection,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'
import { untilAnnouncementMs } from './control-plane/handle-authorization.ts'
import { handleComponentEvent } from './control-plane/handle-component-event.ts'
import { handleDeadLetters } from './control-plane/handle-dead-letters.ts'
import { handleErase } from './control-plane/handle-erase.ts'
import { handleProfile } from './control-plane/handle-profile.ts'
import { handleReleaseCheck } from './control-plane/handle-release-check.ts'
import { handleSync } from './control-plane/handle-sync.ts'
import { platformNotConfigured } from './control-plane/platform-of-job.ts'
import { DIRECT_CALLS_AT_MOST } from './delivery/fan-out/direct-calls.ts'
import type { FanOut } from './delivery/fan-out/fan-out.ts'

type WorkersDeps = {
  connection: RedisConnection
  platforms: ReadonlyMap<string, Platform>
  fanOutOf(platform: string): FanOut | undefined
  /** The Redis user must not call INFO. */
  infoRefused?: boolean
  nowMs(): number
  log: Log
}

/** Starts all workers. How often a job is tried is set where it is enqueued (packages/redis, job-options). */
export function startWorkers(deps: WorkersDeps): QueueWorker[] {
  const controlPlane = controlPlaneHandler(deps)
  return [
    startWorker(deps, COMPONENT_EVENTS_QUEUE, {
      concurrency: 10,
      parse: parseControlPlaneJob,
      handle: controlPlane,
      backoff: (attempt, job) => {
        const backoffMs = exponentialBackoffMs(attempt)
        return job.kind === 'component-event' ? Math.min(backoffMs, untilAnnouncementMs(job, deps.nowMs())) : backoffMs
      },
    }),
    startWorker(deps, PLATFORM_EVENTS_QUEUE, {
      concurrency: 20,
      parse: parseFanOutJob,
      handle: platformEventHandler(deps),
    }),
    startWorker(deps, MESSAGES_QUEUE, {
      concurrency: MESSAGES_AT_ONCE + DIRECT_CALLS_AT_MOST,
      parse: parseFanOutJob,
      handle: messageHandler(deps),
    }),
    startWorker(deps, MAINTENANCE_QUEUE, {
      concurrency: 5,
      parse: parseMaintenanceJob,
      handle: maintenanceHandler(deps),
    }),
  ]
}

function startWorker<Payload>(
  { connection, infoRefused = false, log }: WorkersDeps,
  queue: string,
  worker: Pick<QueueWorkerDeps<Payload>, 'concurrency' | 'parse' | 'handle' | 'backoff'>,
): QueueWorker {
  return createQueueWorker({ connection, infoRefused, queue, log, ...worker })
}

const parseComponentEventJob = parserOf(ComponentEventJobSchema)
const parseProfileJob = parserOf(ProfileJobSchema)
const parseReleaseCheckJob = parserOf(ReleaseCheckJobSchema)
const parseFanOutJob = parserOf(FanOutJobSchema)
const parseSyncJob = parserOf(SyncJobSchema)
const parseDeadLettersJob = parserOf(DeadLettersJobSchema)
const parseEraseJob = parserOf(EraseJobSchema)
const parseMaintenanceJob = (data: unknown) => parseSyncJob(data) ?? parseDeadLettersJob(data) ?? parseEraseJob(data)
const parseControlPlaneJob = (data: unknown) =>
  parseComponentEventJob(data) ?? parseProfileJob(data) ?? parseReleaseCheckJob(data)

type ControlPlaneJob = NonNullable<ReturnType<typeof parseControlPlaneJob>>

/** Without those that wait for a webhook's answer. */
const MESSAGES_AT_ONCE = 100

const DONE: JobOutcome = { kind: 'done' }

function controlPlaneHandler(deps: WorkersDeps): JobHandler<ControlPlaneJob> {
  return untilItEnds(deps, (job, context) => runControlPlaneJob(deps, job, context))
}

/**
 * Retries on every error, as often as the job may be tried. No refusal of WeChat is final: an IP address that is not
 * allowed now is allowed once an operator has added it. STORE_UNAVAILABLE is thrown on, and costs no attempt.
 */
function untilItEnds<Payload extends { kind: string; platform: string }>(
  { log }: Pick<WorkersDeps, 'log'>,
  run: (job: Payload, context: JobContext) => Promise<void>,
): JobHandler<Payload> {
  return async (job, context) => {
    try {
      await run(job, context)
      return DONE
    } catch (error) {
      if (isStoreAway(error)) throw error
      log.warn({ err: error, kind: job.kind, platform: job.platform, attempt: context.attempt }, 'job.failed')
      return { kind: 'retry', error }
    }
  }
}

function runControlPlaneJob(deps: WorkersDeps, job: ControlPlaneJob, context: JobContext): Promise<void> {
  switch (job.kind) {
    case 'component-event':
      return handleComponentEvent(job, context, deps)
    case 'profile':
      return handleProfile(job, context, deps)
    case 'release-check':
      return handleReleaseCheck(job, deps)
  }
}

type FanOutJobHandler = JobHandler<NonNullable<ReturnType<typeof parseFanOutJob>>>

function platformEventHandler({ fanOutOf }: WorkersDeps): FanOutJobHandler {
  return async (job, { signal }) => {
    const fanOut = fanOutOf(job.event.platform)
    if (!fanOut) throw platformNotConfigured()
    await fanOut(job, { stop: signal, mayCall: false })
    return DONE
  }
}

/** A job of one message: its push waits for a reply, or an earlier version enqueued it. */
function messageHandler({ fanOutOf, platforms }: WorkersDeps): FanOutJobHandler {
  return async (job, { jobId, signal }) => {
    const fanOut = fanOutOf(job.event.platform)
    if (!fanOut) throw platformNotConfigured()
    if (job.reply === undefined) platforms.get(job.event.platform)?.claims.olderVersionSeen()
    await fanOut(job, { stop: signal, mayCall: true, claim: { arrival: jobId } })
    return DONE
  }
}

function maintenanceHandler(deps: WorkersDeps): JobHandler<NonNullable<ReturnType<typeof parseMaintenanceJob>>> {
  const sync = untilItEnds<SyncJob>(deps, (job, { jobId }) => handleSync(job, { jobId }, deps))
  return async (job, context) => {
    if (job.kind === 'sync') return sync(job, context)
    if (job.kind === 'erase') await handleErase(job, deps)
    else await handleDeadLetters(job, deps)
    return DONE
  }
}
