// Owns: that what wants into a queue at the same moment goes there in one step, and that each learns what became of its own.
import { createRequire } from 'node:module'
import type { Queue } from 'bullmq'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { addJobs, bullMqOptions, FORMAT_OF_BULLMQ, type PlainJob, pushJobArguments } from './add-jobs-script.ts'

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

/** Bounds how long one batch keeps Redis from others: some 3 ms. */
const MOST_AT_ONCE = 256

/** A job that is refused is tried alone, so that the others do not suffer for it. What is there already is found under its id. */
export function createJobBatches({ connection, open, version = installedVersion() }: JobBatchesDeps): JobBatches {
  const write = version === FORMAT_OF_BULLMQ ? writeByScript : writeByBullMq

  async function writeByScript(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const { keys } = open(queueName)
    const names = ['wait', 'meta', 'id', 'active', 'events', 'marker'].map((name) => keys[name] ?? '')
    const nowMs = Date.now()
    const args: Array<string | number> = [keys[''] ?? '']
    for (const job of jobs) pushJobArguments(args, job, nowMs)
    const ids = await runScript(connection, addJobs, { keys: names, args })
    return Array.isArray(ids) ? ids : []
  }

  async function writeByBullMq(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const added = await open(queueName).addBulk(jobs.map((job) => ({ name: job.name, data: job.data, opts: bullMqOptions(job) })))
    return added.map(({ id }) => id)
  }

  return createBatches<PlainJob, string>({
    write: async (queueName, jobs) =>
      (await write(queueName, jobs)).map((id) => (typeof id === 'string' && id !== '' ? id : new Error('the queue gave a job no id'))),
    mostAtOnce: MOST_AT_ONCE,
  })
}

export function installedVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('bullmq/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
