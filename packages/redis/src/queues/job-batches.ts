// Owns: that what wants into a queue at the same moment goes there in one step, and that each learns what became of its own.
import type { Queue } from 'bullmq'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { addJobs, bullMqOptions, jobArguments, KEYS_TO_ADD, type PlainJob } from './add-jobs-script.ts'
import { addLeanJobs, KEYS_TO_ADD_LEAN, leanArguments } from './add-lean-jobs-script.ts'
import { isFormatKnown, keysOf, prefixOf } from './bullmq-format.ts'

export type JobBatches = {
  /** Resolves with the job's own id after Redis has accepted it, or with the id of the job that it duplicates. Rejects as Queue.add. */
  add(queueName: string, job: PlainJob): Promise<string>
}

export type JobBatchesDeps = {
  connection: RedisConnection
  open(queueName: string): Queue
  /** Of the BullMQ that is installed. Default: what its package.json says. */
  version?: string | undefined
}

/** A job that is refused is tried alone, so that the others do not suffer for it. What is there already is found under its id. */
export function createJobBatches({ connection, open, version }: JobBatchesDeps): JobBatches {
  const write = isFormatKnown(version) ? writeByScript : writeByBullMq

  async function writeByScript(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const queue = open(queueName)
    const prefix = prefixOf(queue)
    const nowMs = Date.now()
    const lean = leanArguments(prefix, jobs, nowMs)
    const ids = lean
      ? await runScript(connection, addLeanJobs, { keys: keysOf(queue, KEYS_TO_ADD_LEAN), args: lean })
      : await runScript(connection, addJobs, { keys: keysOf(queue, KEYS_TO_ADD), args: jobArguments(prefix, jobs, nowMs) })
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
