// Owns: adding jobs to consumers' queues. Concurrent adds to one queue are one step, with an outcome for each job.
import type { Queue } from 'bullmq'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import { addJobs, type ConsumerJob, keysToAdd, optionsJson, prefixOf } from './add-jobs.ts'
import { isVersionKnown } from '../driver-versions.ts'

export type ConsumerJobs = {
  /** Resolves when Redis has the job. An existing job with its id is not changed. Rejects as Queue.add. */
  add(queueName: string, job: ConsumerJob): Promise<void>
  /** In their order, in one step. Rejects as Queue.add; the jobs before a refused one may have been added. */
  addInOrder(queueName: string, jobs: readonly ConsumerJob[]): Promise<void>
}

export type ConsumerJobsDeps = {
  connection: RedisConnection
  open(queueName: string): Queue
  /** The version of BullMQ. Default: the installed one. */
  version?: string | undefined
}

/** When a step is refused, each of its jobs is added alone. Jobs that were added before are found by their id. */
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
    const added = jobs.map(({ id, name, data, options }) => ({ name, data, opts: { ...options, jobId: id } }))
    return (await open(queueName).addBulk(added)).map(({ id }) => id)
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
