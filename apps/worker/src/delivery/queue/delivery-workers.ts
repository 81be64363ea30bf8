// Owns: the workers of this process on the subscriptions' deliveries: opened when there is something to deliver, closed
// when there has been nothing for a while. None has a connection of its own: what this process enqueues wakes its
// worker at once, a poll finds the rest.
import { setTimeout as delay } from 'node:timers/promises'
import { DeliveryJobSchema, parserOf, type Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import {
  createQueueWorker,
  createWakeUp,
  deliveriesQueue,
  type JobHandler,
  type PendingWork,
  type QueueWorker,
  type RedisConnection,
  type WakeUp,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { Deliver } from './deliver.ts'
import { DIRECT_CALLS_PER_SUBSCRIPTION } from '../fan-out/direct-calls.ts'
import { startDeliveryPoll } from './delivery-poll.ts'

export type DeliveryWorkersDeps = {
  platform: string
  connection: RedisConnection
  subscriptions: Pick<Subscriptions, 'all' | 'endPending'>
  pendingWork: PendingWork
  deliver: Deliver
  /** Called with all of them, after each read. */
  onSubscriptions?(subscriptions: readonly Subscription[]): void
  log: Log
  /** A worker without a job for this long is closed. Default 10 s. */
  idleMs?: number
}

export type DeliveryWorkers = {
  /** Those that are open now. */
  current(): QueueWorker[]
  /** After this process has enqueued a delivery: it need not wait for the poll. Never throws. */
  wake(subscription: string): void
  close(): Promise<void>
}

/** Deliveries of one subscription at once, in this process: a consumer that hangs holds no more than these. */
const CONCURRENCY = 10
/** Of one that answers users: whoever writes while ten others wait for their answers has five seconds, too. */
const REPLYING_CONCURRENCY = 100
/** Of one with an order, which is not called straight from the fan-out: as many as of another that answers quickly. */
const ORDERED_CONCURRENCY = CONCURRENCY + DIRECT_CALLS_PER_SUBSCRIPTION
const READ_EVERY_MS = 500
const IDLE_MS = 10_000
/**
 * After so many reads the retries of a disabled subscription are no longer promoted: an attempt that failed in the very
 * moment of the disabling is delayed only afterwards, and whoever disabled it may have died before promoting anything.
 */
const ENDING_READS = 10

const parseDeliveryJob = parserOf(DeliveryJobSchema)

type OpenWorker = { worker: QueueWorker; concurrency: number; wakeUp: WakeUp; taken: number; busyAtMs: number }

export function startDeliveryWorkers(deps: DeliveryWorkersDeps): DeliveryWorkers {
  const { platform, connection, subscriptions, pendingWork, deliver, log, idleMs = IDLE_MS } = deps
  const open = new Map<string, OpenWorker>()
  const closing = new Set<Promise<void>>()
  /** How many deliveries of each subscription may run at once; of a paused one none. */
  let known: ReadonlyMap<string, number> = new Map()
  /** Of each disabled subscription, in how many reads its retries were promoted. */
  let ended = new Map<string, number>()
  const stopping = new AbortController()
  let seen: readonly Subscription[] | undefined
  const reading = readSubscriptions()
  const poll = startDeliveryPoll({ platform, subscriptions: () => [...known.keys()], pendingWork, found: wake, log })

  async function readSubscriptions(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const current = await subscriptions.all()
        follow(current)
        await endPending(current)
      } catch (error) {
        log.warn({ err: error, platform }, 'subscriptions.unknown')
      }
      closeIdle()
      await delay(READ_EVERY_MS, undefined, { signal: stopping.signal }).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error
      })
    }
  }

  function follow(current: readonly Subscription[]): void {
    if (current === seen) return
    seen = current
    // What a disabled one holds ends in the dead letters, paused or not.
    const running = current.filter(({ enabled, paused }) => !enabled || !paused)
    known = new Map(running.map((one) => [one.name, concurrencyOf(one)]))
    for (const [name, { concurrency }] of open) if (known.get(name) !== concurrency) closeWorker(name)
    deps.onSubscriptions?.(current)
  }

  function closeIdle(): void {
    const nowMs = performance.now()
    for (const [name, own] of open) {
      const { worker } = own
      if (worker.active() > 0 || worker.taken() !== own.taken) own.busyAtMs = nowMs
      else if (nowMs - own.busyAtMs > idleMs) closeWorker(name)
      own.taken = worker.taken()
    }
  }

  function closeWorker(name: string): void {
    const end = open.get(name)?.worker.close()
    open.delete(name)
    if (end === undefined) return
    closing.add(end)
    void end.then(() => closing.delete(end))
  }

  async function endPending(current: readonly Subscription[]): Promise<void> {
    const disabled = current.filter(({ enabled }) => !enabled)
    const reads = new Map(disabled.map(({ name }) => [name, ended.get(name) ?? 0]))
    ended = reads
    for (const [name, made] of reads) {
      if (made === ENDING_READS) continue
      await subscriptions.endPending(name)
      reads.set(name, made + 1)
    }
  }

  function wake(name: string): void {
    if (!stopping.signal.aborted) void wakeIfRunning(name)
  }

  /** By what is known now: a subscription may be new, or paused since the last read. */
  async function wakeIfRunning(name: string): Promise<void> {
    try {
      follow(await subscriptions.all())
      const concurrency = known.get(name)
      if (concurrency !== undefined && !stopping.signal.aborted) openWorker(name, concurrency)
    } catch (error) {
      log.warn({ err: error, platform }, 'subscriptions.unknown')
    }
  }

  function openWorker(name: string, concurrency: number): void {
    const own = open.get(name) ?? startWorker(name, concurrency)
    open.set(name, own)
    own.busyAtMs = performance.now()
    own.wakeUp.wake()
  }

  function startWorker(name: string, concurrency: number): OpenWorker {
    const wakeUp = createWakeUp()
    const worker = createQueueWorker({
      connection,
      queue: deliveriesQueue(platform, name),
      concurrency,
      wakeUp,
      parse: parseDeliveryJob,
      handle,
      log,
    })
    return { worker, concurrency, wakeUp, taken: 0, busyAtMs: 0 }
  }

  const handle: JobHandler<NonNullable<ReturnType<typeof parseDeliveryJob>>> = async (job, { attempt, signal }) => {
    const outcome = await deliver(job, { number: attempt, signal })
    // Paused since the last read: this worker would take it again at once.
    if (outcome.kind === 'back') closeWorker(job.subscription)
    return outcome
  }

  return {
    current: () => [...open.values()].map(({ worker }) => worker),
    wake,
    async close() {
      stopping.abort()
      await Promise.all([reading, poll.close()])
      for (const name of [...open.keys()]) closeWorker(name)
      await Promise.all(closing)
    },
  }
}

function concurrencyOf({ reply, ordering }: Subscription): number {
  if (reply) return REPLYING_CONCURRENCY
  return ordering === 'none' ? CONCURRENCY : ORDERED_CONCURRENCY
}
