// Owns: one worker per subscription in this process, begun when the subscription appears and ended when it goes.
import { setTimeout as delay } from 'node:timers/promises'
import { deliveriesQueue, DeliveryJobSchema, parserOf, type Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import { createQueueWorker, deliveryBackoffMs, type JobHandler, type QueueWorker, type RedisConnection } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { Deliver } from './deliver.ts'

export type DeliveryWorkersDeps = {
  platform: string
  connection: RedisConnection
  subscriptions: Pick<Subscriptions, 'all'>
  deliver: Deliver
  /** Told what there is, after each look. */
  onSubscriptions?(subscriptions: readonly Subscription[]): void
  log: Log
}

export type DeliveryWorkers = { close(): Promise<void> }

/** Deliveries of one subscription at once, in this process: a consumer that hangs holds no more than these. */
const CONCURRENCY = 10
const LOOK_EVERY_MS = 500

const parseDeliveryJob = parserOf(DeliveryJobSchema)

export function startDeliveryWorkers(deps: DeliveryWorkersDeps): DeliveryWorkers {
  const { platform, connection, subscriptions, deliver, log } = deps
  const workers = new Map<string, QueueWorker>()
  const stopping = new AbortController()
  let seen: readonly Subscription[] | undefined
  const looking = look()

  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        follow(await subscriptions.all())
      } catch (error) {
        log.warn({ err: error, platform }, 'subscriptions.unknown')
      }
      await delay(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error
      })
    }
  }

  function follow(current: readonly Subscription[]): void {
    if (current === seen) return
    seen = current
    const names = new Set(current.map(({ name }) => name))
    for (const [name, worker] of workers) {
      if (names.has(name)) continue
      workers.delete(name)
      void worker.close()
    }
    for (const name of names) {
      if (!workers.has(name)) workers.set(name, startWorker(name))
    }
    deps.onSubscriptions?.(current)
  }

  function startWorker(name: string): QueueWorker {
    return createQueueWorker({
      connection,
      queue: deliveriesQueue(platform, name),
      concurrency: CONCURRENCY,
      parse: parseDeliveryJob,
      handle,
      backoff: (attempt, job) => deliveryBackoffMs(job.scheduleSeconds, attempt),
      log,
    })
  }

  const handle: JobHandler<NonNullable<ReturnType<typeof parseDeliveryJob>>> = (job, { attempt, signal }) =>
    deliver(job, { number: attempt, signal })

  return {
    async close() {
      stopping.abort()
      await looking
      await Promise.all([...workers.values()].map((worker) => worker.close()))
    },
  }
}
