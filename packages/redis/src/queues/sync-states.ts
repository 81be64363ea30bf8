// Owns: the progress of each sync of authorizers, kept for seven days.
import type { RedisConnection } from '../connect.ts'
import { MAINTENANCE_QUEUE, type PlatformKeys } from '../keys.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import type { Queues } from './queues.ts'

export type SyncState = {
  jobId: string
  status: 'waiting' | 'running' | 'completed' | 'failed'
  seen: number
  added: number
  repaired: number
  failed: number
  startedAt: string | null
  finishedAt: string | null
  error: string | null
}

export type SyncStates = {
  /** Replaces the stored state. `error` is a code or a fixed text. */
  save(state: SyncState): Promise<void>
  /** undefined for an unknown or forgotten job, and for a job of another platform. */
  get(jobId: string): Promise<SyncState | undefined>
}

const REMEMBERED_SECONDS = 7 * 24 * 3600
const JOB_ID = /^sync-[0-9a-f-]{36}$/

export type SyncStatesDeps = {
  platform: string
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'sync'>
  queues: Pick<Queues, 'open'>
}

export function createSyncStates({ platform, redis, keys, queues }: SyncStatesDeps): SyncStates {
  return {
    save: (state) =>
      guardStore(async () => {
        const key = keys.sync(state.jobId)
        const { status, seen, added, repaired, failed, startedAt, finishedAt, error } = state
        const texts = { startedAt: startedAt ?? '', finishedAt: finishedAt ?? '', error: error ?? '' }
        const fields = { status, seen, added, repaired, failed, ...texts }
        allSucceeded(await redis.multi().hset(key, fields).expire(key, REMEMBERED_SECONDS).exec())
      }),
    get: (jobId) =>
      guardStore(async () => {
        if (!JOB_ID.test(jobId)) return undefined
        const fields = await redis.hgetall(keys.sync(jobId))
        const state = parseState(jobId, fields)
        if (state.status === 'completed' || state.status === 'failed') return state
        const job = await queues.open(MAINTENANCE_QUEUE).getJob(jobId)
        // There is no state yet: no worker has started the job.
        if (fields['status'] === undefined) return job && isOf(platform, job.data) ? state : undefined
        // The job failed because its workers were killed, so none of them has stored the failure.
        return (await job?.isFailed()) ? { ...state, status: 'failed', error: state.error ?? 'INTERNAL' } : state
      }),
  }
}

function isOf(platform: string, data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'platform' in data && data.platform === platform
}

function parseState(jobId: string, fields: Record<string, string>): SyncState {
  const { status } = fields
  return {
    jobId,
    status: status === 'running' || status === 'completed' || status === 'failed' ? status : 'waiting',
    seen: Number(fields['seen'] ?? 0),
    added: Number(fields['added'] ?? 0),
    repaired: Number(fields['repaired'] ?? 0),
    failed: Number(fields['failed'] ?? 0),
    startedAt: fields['startedAt'] || null,
    finishedAt: fields['finishedAt'] || null,
    error: fields['error'] || null,
  }
}
