// Owns: that what wants into a queue at the same moment goes there in one step, and that each learns what became of its own.
// A batch is what already waits when the event loop has gone round: nothing ever waits for company.
import { createRequire } from 'node:module'
import type { Queue } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { runScript } from '../script.ts'
import { isStoreFailure, storeError } from '../store-errors.ts'
import { addJobs, FORMAT_OF_BULLMQ, jobArguments, type PlainJob } from './add-jobs-script.ts'

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

type Waiting = { job: PlainJob; resolve: (id: string) => void; reject: (error: unknown) => void }

export function createJobBatches({ connection, open, version = installedVersion() }: JobBatchesDeps): JobBatches {
  const waiting = new Map<string, Waiting[]>()
  const write = version === FORMAT_OF_BULLMQ ? writeByScript : writeByBullMq

  async function writeByScript(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const { keys } = open(queueName)
    const names = ['wait', 'meta', 'id', 'active', 'events', 'marker'].map((name) => keys[name] ?? '')
    const nowMs = Date.now()
    const args = [keys[''] ?? '', ...jobs.flatMap((job) => jobArguments(job, nowMs))]
    const ids = await runScript(connection, addJobs, { keys: names, args })
    return Array.isArray(ids) ? ids : []
  }

  async function writeByBullMq(queueName: string, jobs: readonly PlainJob[]): Promise<unknown[]> {
    const added = await open(queueName).addBulk(jobs.map(({ name, data, options }) => ({ name, data, opts: options })))
    return added.map(({ id }) => id)
  }

  async function flush(queueName: string): Promise<void> {
    const due = waiting.get(queueName) ?? []
    waiting.delete(queueName)
    const batches = []
    for (let from = 0; from < due.length; from += MOST_AT_ONCE) batches.push(settle(queueName, due.slice(from, from + MOST_AT_ONCE)))
    await Promise.all(batches)
  }

  /** Never rejects. */
  async function settle(queueName: string, batch: readonly Waiting[]): Promise<void> {
    try {
      const jobs = batch.map(({ job }) => job)
      const ids = await write(queueName, jobs)
      batch.forEach(({ resolve, reject }, index) => {
        const id = ids[index]
        if (typeof id === 'string' && id !== '') resolve(id)
        else reject(new Error('the queue gave a job no id'))
      })
    } catch (error) {
      if (batch.length === 1 || isAway(error)) for (const { reject } of batch) reject(error)
      else await oneByOne(queueName, batch)
    }
  }

  /** One of them is refused, and the others are not to suffer for it. What is there already is found under its id. */
  async function oneByOne(queueName: string, batch: readonly Waiting[]): Promise<void> {
    await Promise.all(batch.map((one) => settle(queueName, [one])))
  }

  return {
    add(queueName, job) {
      return new Promise((resolve, reject) => {
        const others = waiting.get(queueName)
        if (others) {
          others.push({ job, resolve, reject })
          return
        }
        waiting.set(queueName, [{ job, resolve, reject }])
        setImmediate(() => void flush(queueName))
      })
    },
  }
}

/** Asking again for each alone would only take longer. */
function isAway(error: unknown): boolean {
  return isStoreFailure(error) && storeError(error).code === 'STORE_UNAVAILABLE'
}

function installedVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('bullmq/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
