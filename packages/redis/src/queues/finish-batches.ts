// Owns: BullMQ's backend for our workers: jobs that are completed at the same moment are ended, and their successors taken, in one
// step. How the first ones are taken is take-ahead.ts' business.
import { createRedisBackend, type MinimalJob, type RedisQueueBackend } from 'bullmq'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { isFormatKnown, keysOf, prefixOf } from './bullmq-format.ts'
import { finishJobs } from './finish-jobs-script.ts'
import { asNextJob, noJobUntil, type RawJob, takeAhead } from './take-ahead.ts'

export type FinishBatchesDeps = {
  /** The worker's own. */
  connection: RedisConnection
  lockMs: number
  /**
   * False: the queue's event stream, which nobody reads, does not tell of what this script ends and takes. What BullMQ's own scripts
   * take it still tells, and their look for stalled jobs trims it. Default true.
   */
  tells?: boolean
  /** How many jobs the worker would take now. Default 1. */
  freePlaces?(): number
  /** Does it take no more? Default false. */
  isEnding?(): boolean
  /** Of a job that was taken, not begun, and could not be given back. Default: the backend tells it as an error of its own. */
  onError?(error: unknown): void
  /** Of the BullMQ that is installed. Default: what its package.json says. */
  version?: string
}

type BackendFactory = typeof createRedisBackend
type Completed = { id: string; token: string; value: string; dedupId: string; fetchNext: boolean }
type Ending = { nowMs: number; answer: unknown; delayedUntilMs: number }

const TOGETHER = ''

/**
 * BullMQ's own backend, but for jobs that begin together, and those that end well together. With any version of BullMQ whose format
 * the scripts do not know, and for any job that they do not end, BullMQ does it by itself and names what is wrong.
 */
export function createBatchingBackend({ connection, lockMs, tells = true, version, ...worker }: FinishBatchesDeps): BackendFactory {
  return (name, opts, options) => {
    const backend = createRedisBackend(name, opts, options)
    if (!isFormatKnown(version)) return backend
    takeAhead(backend, { freePlaces: () => 1, isEnding: () => false, onError: (error) => backend.emit('error', error), ...worker, connection, lockMs, tells })
    const byBullMq = backend.moveToCompleted.bind(backend)
    const batches = createBatches<Completed, Ending>({
      write: (_, jobs) => finish({ connection, lockMs, tells, backend }, jobs),
    })
    backend.moveToCompleted = async (job, returnValue, removeOnComplete, token, fetchNext) => {
      if (!isPlain(job) || removeOnComplete !== true) return byBullMq(job, returnValue, removeOnComplete, token, fetchNext)
      const completed: Completed = {
        id: job.id ?? '',
        token,
        value: JSON.stringify(returnValue) ?? 'null',
        dedupId: dedupIdToRelease(job),
        fetchNext,
      }
      const { nowMs, answer, delayedUntilMs } = await batches.add(TOGETHER, completed)
      if (Array.isArray(answer)) return { result: asNextJob(answer as RawJob), finishedOn: nowMs }
      if (answer !== 1) return byBullMq(job, returnValue, removeOnComplete, token, fetchNext)
      return { result: fetchNext ? noJobUntil(delayedUntilMs) : [], finishedOn: nowMs }
    }
    return backend
  }
}

async function finish(
  { connection, lockMs, tells, backend }: Required<Pick<FinishBatchesDeps, 'connection' | 'lockMs' | 'tells'>> & { backend: RedisQueueBackend },
  jobs: readonly Completed[],
): Promise<Ending[]> {
  const nowMs = Date.now()
  const keys = keysOf(backend, ['wait', 'active', 'prioritized', 'events', 'stalled', 'delayed', 'meta', 'marker'])
  const args: Array<string | number> = [prefixOf(backend), nowMs, lockMs, tells ? 1 : 0]
  for (const { id, token, value, dedupId, fetchNext } of jobs) args.push(id, token, value, dedupId, fetchNext && !backend.closing ? 1 : 0)
  const answers = await runScript(connection, finishJobs, { keys, args })
  if (!Array.isArray(answers)) return []
  const delayedUntilMs = Number(answers[jobs.length] ?? 0)
  return jobs.map((_, index) => ({ nowMs, answer: answers[index] as unknown, delayedUntilMs }))
}

/** Belongs to no flow, no scheduler, and leaves nothing to be added when it ends. */
function isPlain(job: MinimalJob): boolean {
  return job.parentKey === undefined && job.repeatJobKey === undefined && job.opts.deduplication?.keepLastIfActive !== true
}

/** A key with a time of its own goes by itself. */
function dedupIdToRelease({ opts: { deduplication } }: MinimalJob): string {
  return deduplication === undefined || deduplication.ttl ? '' : deduplication.id
}
