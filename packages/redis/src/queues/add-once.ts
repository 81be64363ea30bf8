// Owns: adding a job to a queue unless a job of the same deduplication id was added lately.
import type { ComponentEventJob, FanOutJob, ProfileJob, ReleaseCheckJob, SyncJob } from '@wxgw/contracts'
import { randomUUID } from 'node:crypto'
import { anyKeyOf } from '../bullmq-format/queue-keys.ts'
import { onceIds } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { guardStore } from '../store-errors.ts'
import { FAN_OUT_ATTEMPTS, jobOptions, type PlainJobOptions } from './job-options.ts'
import type { PlainJob, Queues } from './queues.ts'

export type Acceptance = 'accepted' | 'duplicate'

type Payload = ComponentEventJob | FanOutJob | ProfileJob | ReleaseCheckJob | SyncJob
type AddedJob = { data: Payload; id: string; options: PlainJobOptions; ttlMs?: number }

type AddOnce = {
  /** `ttlMs`: how long the id is remembered, default DEDUPE_SECONDS, even after the job is done and removed. */
  add(queueName: string, job: AddedJob): Promise<Acceptance>
  /** As `add`, for an event on its way to subscriptions. */
  fanOut(queueName: string, data: FanOutJob, ttlMs?: number): Promise<Acceptance>
  /** The id is remembered as long as the job is in the queue. Resolves with the id of the job in the queue. */
  oneAtATime(queueName: string, job: Omit<AddedJob, 'ttlMs'>): Promise<string>
}

export type AddOnceDeps = {
  platform: string
  /** Over a connection that fails fast. */
  queues: Pick<Queues, 'add'>
  dedupeSeconds: number
  /** A job is accepted when enough replicas have it. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

const FAN_OUT_OPTIONS = jobOptions(FAN_OUT_ATTEMPTS)

/**
 * Resolves after Redis has accepted, rejects with STORE_UNAVAILABLE otherwise. A write that timed out may have
 * succeeded: the retry is then a duplicate.
 */
export function createAddOnce({
  platform,
  queues,
  dedupeSeconds,
  replicas = NO_REPLICA_BARRIER,
}: AddOnceDeps): AddOnce {
  const dedupeMs = dedupeSeconds * 1000
  const once = onceIds(platform)

  const write = (queueName: string, job: PlainJob) =>
    guardStore(() => replicas.confirmed(anyKeyOf(queueName), () => queues.add(queueName, job)))

  /**
   * Each call makes a new job id. An answer with another id means a duplicate. When the driver repeats the command
   * after a lost answer, BullMQ finds the job by its id.
   */
  async function add(queueName: string, { data, id, options, ttlMs = dedupeMs }: AddedJob): Promise<Acceptance> {
    const jobId = `${data.kind}-${randomUUID()}`
    const deduplication = { id, ttl: ttlMs }
    const answer = await write(queueName, { id: jobId, name: data.kind, data, options, deduplication })
    return answer === jobId ? 'accepted' : 'duplicate'
  }

  return {
    add,
    fanOut(queueName, data, ttlMs = dedupeMs) {
      const { event, replay, only } = data
      const id = once.fanOut({ eventId: event.id, replay, only })
      return add(queueName, { data, id, options: FAN_OUT_OPTIONS, ttlMs })
    },
    oneAtATime: (queueName, { data, id, options }) =>
      write(queueName, { id: `${data.kind}-${randomUUID()}`, name: data.kind, data, options, deduplication: { id } }),
  }
}
