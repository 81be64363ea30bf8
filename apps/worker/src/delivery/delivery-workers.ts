// Owns: one worker per subscription in this process, begun when the subscription appears and ended when it goes.
import { setTimeout as delay } from 'node:timers/promises'
import { DeliveryJobSchema, parserOf, type Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import {
  createQueueWorker,
  deliveriesQueue,
  deliveryBackoffMs,
  type JobHandler,
  type QueueWorker,
  type RedisConnection,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { Deliver } from './deliver.ts'

export type DeliveryWorkersDeps = {
  platform: string
  connection: RedisConnection
  subscriptions: Pick<Subscriptions, 'all' | 'endPending'>
  deliver: Deliver
  /** Told what there is, after each look. */
  onSubscriptions?(subscriptions: readonly Subscription[]): void
  log: Log
}

export type DeliveryWorkers = { current(): QueueWorker[]; close(): Promise<void> }

/** Deliveries of one subscription at once, in this process: a consumer that hangs holds no more than these. */
const CONCURRENCY = 10
/** Of one that answers users: whoever writes while ten others wait for their answers has five seconds, too. */
const REPLYING_CONCURRENCY = 100
const LOOK_EVERY_MS = 500
/**
 * For so many looks what a disabled subscription has waiting for a retry is called in: an attempt that failed in the very
 * moment of the disabling begins to wait only afterwards, and whoever disabled it may have died before calling in anything.
 */
const ENDING_LOOKS = 10

const parseDeliveryJob = parserOf(DeliveryJobSchema)

export function startDeliveryWorkers(deps: DeliveryWorkersDeps): DeliveryWorkers {
  const { platform, connection, subscriptions, deliver, log } = deps
  const workers = new Map<string, { worker: QueueWorker; concurrency: number }>()
  /** Of subscriptions that are gone or have changed. */
  const closing = new Set<Promise<void>>()
  /** Of each disabled subscription, in how many looks its retries were called in. */
  let ended = new Map<string, number>()
  const stopping = new AbortController()
  let seen: readonly Subscription[] | undefined
  const looking = look()

  async function look(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const current = await subscriptions.all()
        follow(current)
        await endPending(current)
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
    const wanted = new Map(current.map(({ name, reply }) => [name, reply ? REPLYING_CONCURRENCY : CONCURRENCY]))
    for (const [name, { worker, concurrency }] of workers) {
      if (wanted.get(name) === concurrency) continue
      workers.delete(name)
      const end = worker.close()
      closing.add(end)
      void end.then(() => closing.delete(end))
    }
    for (const [name, concurrency] of wanted) {
      if (!workers.has(name)) workers.set(name, { worker: startWorker(name, concurrency), concurrency })
    }
    deps.onSubscriptions?.(current)
  }

  async function endPending(current: readonly Subscription[]): Promise<void> {
    const disabled = current.filter(({ enabled }) => !enabled)
    const looks = new Map(disabled.map(({ name }) => [name, ended.get(name) ?? 0]))
    ended = looks
    for (const [name, made] of looks) {
      if (made === ENDING_LOOKS) continue
      await subscriptions.endPending(name)
      looks.set(name, made + 1)
    }
  }

  function startWorker(name: string, concurrency: number): QueueWorker {
    return createQueueWorker({
      connection,
      queue: deliveriesQueue(platform, name),
      concurrency,
      tells: false,
      parse: parseDeliveryJob,
      handle,
      backoff: (attempt, job) => deliveryBackoffMs(job.scheduleSeconds, attempt),
      log,
    })
  }

  const handle: JobHandler<NonNullable<ReturnType<typeof parseDeliveryJob>>> = (job, { attempt, signal }) =>
    deliver(job, { number: attempt, signal })

  return {
    current: () => [...workers.values()].map(({ worker }) => worker),
    async close() {
      stopping.abort()
      await looking
      await Promise.all([...closing, ...[...workers.values()].map(({ worker }) => worker.close())])
    },
  }
}
