// Owns: this process' workers on the subscriptions' queues. A worker is opened when there is something to deliver and
// closed after 10 s without a job. None has a connection of its own: a delivery that this process enqueues wakes its
// worker, and a poll finds the others.
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
  unlessRightMissing,
  type WakeUp,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { pause } from '@wxgw/wechat-core'
import type { Deliver } from './deliver.ts'
import { DIRECT_CALLS_PER_SUBSCRIPTION } from '../fan-out/direct-calls.ts'
import { startDeliveryPoll } from './delivery-poll.ts'

export type DeliveryWorkersDeps = {
  platform: string
  connection: RedisConnection
  subscriptions: Pick<Subscriptions, 'all' | 'endPending'>
  pendingWork: PendingWork
  deliver: Deliver
  /** Called with all subscriptions after each change. */
  onSubscriptions?(subscriptions: readonly Subscription[]): void
  log: Log
  /** A worker without a job for this long is closed. Default 10 s. */
  idleMs?: number
}

type DeliveryWorkers = {
  /** The open workers. */
  current(): QueueWorker[]
  /** Call it after enqueueing a delivery, so that the delivery does not wait for the poll. Never throws. */
  wake(subscription: string): void
  close(): Promise<void>
}

/** Deliveries of one subscription at once in this process. A consumer that hangs takes no more slots than these. */
const CONCURRENCY = 10
/** Of a subscription with `reply`: each user who writes has to be answered within five seconds. */
const REPLYING_CONCURRENCY = 100
/** Of a subscription with an order. It gets no direct calls, so it has their slots here. */
const ORDERED_CONCURRENCY = CONCURRENCY + DIRECT_CALLS_PER_SUBSCRIPTION
const READ_EVERY_MS = 500
const IDLE_MS = 10_000
/**
 * The retries of a disabled subscription are promoted in so many reads after it was disabled. More than one: an attempt
 * that failed while it was being disabled is delayed only afterwards, and the process that disabled it may have died.
 */
const ENDING_READS = 10

const parseDeliveryJob = parserOf(DeliveryJobSchema)

type OpenWorker = { worker: QueueWorker; concurrency: number; wakeUp: WakeUp; taken: number; busyAtMs: number }

export function startDeliveryWorkers(deps: DeliveryWorkersDeps): DeliveryWorkers {
  const { platform, connection, subscriptions, pendingWork, deliver, log, idleMs = IDLE_MS } = deps
  const open = new Map<string, OpenWorker>()
  const closing = new Set<Promise<void>>()
  /** The concurrency of each subscription that is not paused. */
  let known: ReadonlyMap<string, number> = new Map()
  /** For each disabled subscription, in how many reads its retries were promoted. */
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
      await pause(READ_EVERY_MS, stopping.signal)
    }
  }

  function follow(current: readonly Subscription[]): void {
    if (current === seen) return
    seen = current
    // The deliveries of a disabled subscription become dead letters, paused or not.
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
      await unlessRightMissing(
        () => subscriptions.endPending(name),
        (err) => log.warn({ err, platform, subscription: name }, 'subscription.not_ended'),
      )
      reads.set(name, made + 1)
    }
  }

  function wake(name: string): void {
    if (!stopping.signal.aborted) void wakeIfRunning(name)
  }

  /** Reads the subscriptions first: this one may be new, or paused since the last read. */
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

  const handle: JobHandler<NonNullable<ReturnType<typeof parseDeliveryJob>>> = async (
    job,
    { jobId, attempt, isAfterKill, signal },
  ) => {
    const outcome = await deliver(job, { jobId, number: attempt, isAfterKill, signal })
    // Paused since the last read: an open worker would take the job again at once.
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
