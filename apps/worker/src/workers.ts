// Owns: which queue is worked on by which handler, with how many jobs at once. One table; deliveries have their own, per subscription.
import {
  ComponentEventJobSchema,
  DeadLettersJobSchema,
  FanOutJobSchema,
  parserOf,
  ProfileJobSchema,
  ReleaseCheckJobSchema,
  SyncJobSchema,
} from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import {
  COMPONENT_EVENTS_QUEUE,
  createQueueWorker,
  type JobContext,
  type JobHandler,
  type JobOutcome,
  MAINTENANCE_QUEUE,
  MESSAGES_QUEUE,
  PLATFORM_EVENTS_QUEUE,
  type QueueWorker,
  type RedisConnection,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import { handleComponentEvent } from './control-plane/handle-component-event.ts'
import { handleDeadLetters } from './control-plane/handle-dead-letters.ts'
import { handleProfile } from './control-plane/handle-profile.ts'
import { handleReleaseCheck } from './control-plane/handle-release-check.ts'
import { handleSync } from './control-plane/handle-sync.ts'
import { platformNotConfigured } from './control-plane/platform-of-job.ts'
import { DIRECT_CALLS_AT_MOST } from './delivery/direct-calls.ts'
import type { FanOut } from './delivery/fan-out.ts'

export type WorkersDeps = {
  connection: RedisConnection
  platforms: ReadonlyMap<string, Platform>
  fanOutOf(platform: string): FanOut | undefined
  nowMs(): number
  log: Log
}

/** Starts them all. What is in a queue, and how often it is tried, is said where it is put in (packages/redis, job-options). */
export function startWorkers(deps: WorkersDeps): QueueWorker[] {
  const controlPlane = controlPlaneHandler(deps)
  return [
    startWorker(COMPONENT_EVENTS_QUEUE, { concurrency: 10, parse: parseControlPlaneJob, handle: controlPlane }),
    startWorker(PLATFORM_EVENTS_QUEUE, { concurrency: 20, tells: false, parse: parseFanOutJob, handle: fanOutHandler(deps, { mayCall: false }) }),
    startWorker(MESSAGES_QUEUE, {
      concurrency: MESSAGES_AT_ONCE + DIRECT_CALLS_AT_MOST,
      tells: false,
      parse: parseFanOutJob,
      handle: fanOutHandler(deps, { mayCall: true }),
    }),
    startWorker(MAINTENANCE_QUEUE, { concurrency: 5, parse: parseMaintenanceJob, handle: maintenanceHandler(deps) }),
  ]

  function startWorker<Payload>(
    queue: string,
    worker: { concurrency: number; tells?: boolean; parse(data: unknown): Payload | undefined; handle: JobHandler<Payload> },
  ): QueueWorker {
    return createQueueWorker({ connection: deps.connection, queue, log: deps.log, ...worker })
  }
}

const parseComponentEventJob = parserOf(ComponentEventJobSchema)
const parseProfileJob = parserOf(ProfileJobSchema)
const parseReleaseCheckJob = parserOf(ReleaseCheckJobSchema)
const parseFanOutJob = parserOf(FanOutJobSchema)
const parseSyncJob = parserOf(SyncJobSchema)
const parseDeadLettersJob = parserOf(DeadLettersJobSchema)
const parseMaintenanceJob = (data: unknown) => parseSyncJob(data) ?? parseDeadLettersJob(data)
const parseControlPlaneJob = (data: unknown) => parseComponentEventJob(data) ?? parseProfileJob(data) ?? parseReleaseCheckJob(data)

type ControlPlaneJob = NonNullable<ReturnType<typeof parseControlPlaneJob>>

/** Beside those that wait for a webhook's answer. */
const MESSAGES_AT_ONCE = 100

const DONE: JobOutcome = { kind: 'done' }

function controlPlaneHandler(deps: WorkersDeps): JobHandler<ControlPlaneJob> {
  return async (job, context) => {
    try {
      await runControlPlaneJob(deps, job, context)
      return DONE
    } catch (error) {
      // The store's absence costs no attempt; everything else is tried for an hour, however final WeChat's refusal sounds:
      // an address that is not allowed today is allowed as soon as an operator has noticed.
      if (error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE') throw error
      deps.log.warn({ err: error, kind: job.kind, platform: job.platform, attempt: context.attempt }, 'job.failed')
      return { kind: 'retry', error }
    }
  }
}

function runControlPlaneJob(deps: WorkersDeps, job: ControlPlaneJob, context: JobContext): Promise<void> {
  switch (job.kind) {
    case 'component-event':
      return handleComponentEvent(job, deps)
    case 'profile':
      return handleProfile(job, context, deps)
    case 'release-check':
      return handleReleaseCheck(job, deps)
  }
}

function fanOutHandler({ fanOutOf }: WorkersDeps, { mayCall }: { mayCall: boolean }): JobHandler<NonNullable<ReturnType<typeof parseFanOutJob>>> {
  return async (job, { signal }) => {
    const fanOut = fanOutOf(job.event.platform)
    if (!fanOut) throw platformNotConfigured()
    await fanOut(job, { stop: signal, mayCall })
    return DONE
  }
}

function maintenanceHandler(deps: WorkersDeps): JobHandler<NonNullable<ReturnType<typeof parseMaintenanceJob>>> {
  return async (job, { jobId }) => {
    await (job.kind === 'sync' ? handleSync(job, { jobId }, deps) : handleDeadLetters(job, deps))
    return DONE
  }
}
