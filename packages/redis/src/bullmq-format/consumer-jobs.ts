// Owns: that what goes to one consumer's queue at the same moment goes there in one step, and that each job learns its
// own fate.
import type { Queue } from 'bullmq'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { addJobs, type ConsumerJob, keysToAdd, optionsJson, prefixOf } from './add-jobs.ts'
import { isVersionKnown } from '../driver-versions.ts'

export type ConsumerJobs = {
  /**
   * Resolves after Redis has accepted it; one that is there already under its id stays as it is. Rejects as Queue.add.
   */
  add(queueName: string, job: ConsumerJob): Promise<void>
  /** In their order, in one step. Rejects as Queue.add; those before one that is refused may have been accepted. */
  addInOrder(queueName: string, jobs: readonly ConsumerJob[]): Promise<void>
}

export type ConsumerJobsDeps = {
  connection: RedisConnection
  open(queueName: string): Queue
  /** Of the BullMQ that is installed. Default: what its package.json says. */
  version?: string | undefined
}

/**
 * A job that is refused is tried alone, so that the others do not suffer for it. What is there already is found under
 * its id.
 */
export function createConsumerJobs({ connection, open, version }: ConsumerJobsDeps): ConsumerJobs {
  const write = isVersionKnown('bullmq', version) ? writeByScript : writeByBullMq

  async function writeByScript(queueName: string, jobs: readonly ConsumerJob[]): Promise<unknown[]> {
    const queue = open(queueName)
    const timestamp = Date.now()
    const each = jobs.map((job) => ({
      id: job.id,
      name: job.name,
      data: JSON.stringify(job.data ?? {}),
      options: optionsJson(job),
      timestamp,
    }))
    const ids = await addJobs(connection, { ...keysToAdd(queue), prefix: prefixOf(queue), count: jobs.length, each })
    return Array.isArray(ids) ? ids : []
  }

  async function writeByBullMq(queueName: string, jobs: readonly ConsumerJob[]): Promise<unknown[]> {
    const theirs = jobs.map(({ id, name, data, options }) => ({ name, data, opts: { ...options, jobId: id } }))
    const added = await open(queueName).addBulk(theirs)
    return added.map(({ id }) => id)
  }

  const batches = createBatches<ConsumerJob, string>({
    write: async (queueName, jobs) => {
      const ids = await write(queueName, jobs)
      return ids.map((id) => (typeof id === 'string' && id !== '' ? id : new Error('the queue gave a job no id')))
    },
  })
  return {
    add: async (queueName, job) => void (await batches.add(queueName, job)),
    addInOrder: async (queueName, jobs) => void (await write(queueName, jobs)),
  }
}
