// Owns: that what wants into a queue at the same moment goes there in one step, and that each learns what became of its own.
import { createRequire } from 'node:module'
import type { Queue } from 'bullmq'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { addJobs, bullMqOptions, FORMAT_OF_BULLMQ, jobArguments, keysToAdd, type PlainJob, prefixOf } from './add-jobs-script.ts'
import { addLeanJobs, keysToAddLean, leanArguments } from './add-lean-jobs-script.ts'

export type JobBatches = {
  /** Resolves with the job's own id after Redis has accepted it, or with the id of the job that it duplicates. Rejects as Queue.add. */
  add(queueName: string, job: PlainJob): Promise<string>
}

export type JobBatchesDeps = {
  connection: RedisConnection
  open(queueName: string): Queue
  /** Of the BullMQ that is installed. Default: what its package.json says. */
  version?: string
}

/** A job that is refused is tried alone, so that the others do not suffer for it. What is there already is found under its id. */
export function createJobBatches({ connection, open, version = installedVersion() }: JobBatchesDeps): JobBatches {
  const write = version === FORMAT_OF_BULLMQ ? writeByScript : writeByBullMq

  async function writeByScript(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const queue = open(queueName)
    const prefix = prefixOf(queue)
    const nowMs = Date.now()
    const lean = leanArguments(prefix, jobs, nowMs)
    const ids = lean
      ? await runScript(connection, addLeanJobs, { keys: keysToAddLean(queue), args: lean })
      : await runScript(connection, addJobs, { keys: keysToAdd(queue), args: jobArguments(prefix, jobs, nowMs) })
    return Array.isArray(ids) ? ids : []
  }

  async function writeByBullMq(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const added = await open(queueName).addBulk(jobs.map((job) => ({ name: job.name, data: job.data, opts: bullMqOptions(job) })))
    return added.map(({ id }) => id)
  }

  return createBatches<PlainJob, string>({
    write: async (queueName, jobs) =>
      (await write(queueName, jobs)).map((id) => (typeof id === 'string' && id !== '' ? id : new Error('the queue gave a job no id'))),
  })
}

export function installedVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('bullmq/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
