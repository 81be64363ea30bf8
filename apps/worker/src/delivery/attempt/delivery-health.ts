// Owns: how this process shares with all others how a subscription's attempts go: it reports each failure at once and what was delivered
// twice a second, and waits at the breaker that follows from all reports (packages/redis, delivery-health.ts). A subscription that
// delivers costs no round trip of its own.
import { randomUUID } from 'node:crypto'
import { type DeliveryHealthStore, durationBucket, type FailureRow, type HealthReport } from '@wxgw/redis'
import { type Log, repeat } from '@wxgw/runtime'
import { type Clock, isStoreAway, type StopSignal } from '@wxgw/wechat-core'

export type DeliveryHealth = {
  /** In memory, mostly. */
  succeeded(subscription: string, durationMs: number): void
  /** Never rejects. undefined: the store did not take it. */
  failed(
    subscription: string,
    failure: { durationMs: number; error: string; orderingKey?: string | undefined },
  ): Promise<FailureRow | undefined>
  /**
   * Resolves when the next attempt may be made: at once while the breaker is closed, and when `signal` is aborted. True when it had to wait.
   * `leaseMs`: what an attempt takes at most. Rejects with STORE_UNAVAILABLE.
   */
  pass(subscription: string, leaseMs: number, signal: StopSignal): Promise<boolean>
  /** The attempt that passed was not made. */
  release(subscription: string): Promise<void>
  /** It is not to be called straight from the fan-out. */
  isOpen(subscription: string): boolean
  /** Reports what is left. */
  close(): Promise<void>
}

export type DeliveryHealthDeps = {
  platform: string
  store: DeliveryHealthStore
  clock: Clock
  /** There is something to announce. */
  onNews(): void
  log: Pick<Log, 'warn'>
  everyMs?: number
}

type Pending = { delivered: number; failed: number; buckets: Map<number, number>; lastSuccessAtMs: number | undefined }

const EVERY_MS = 500
const MOST_REPORTED = 100

export function createDeliveryHealth({
  platform,
  store,
  clock,
  onNews,
  log,
  everyMs = EVERY_MS,
}: DeliveryHealthDeps): DeliveryHealth {
  const pending = new Map<string, Pending>()
  /** Whose breaker is not closed, as far as this process knows, and who waits there. */
  const open = new Map<string, Set<() => void>>()
  const turns = new Map<string, Promise<void>>()

  function count(subscription: string, durationMs: number): Pending {
    const own = pending.get(subscription) ?? {
      delivered: 0,
      failed: 0,
      buckets: new Map<number, number>(),
      lastSuccessAtMs: undefined,
    }
    pending.set(subscription, own)
    const bucket = durationBucket(durationMs)
    own.buckets.set(bucket, (own.buckets.get(bucket) ?? 0) + 1)
    return own
  }

  function take(subscription: string, failure?: { error: string; orderingKey?: string | undefined }): HealthReport {
    const none = { delivered: 0, failed: 0, buckets: new Map<number, number>(), lastSuccessAtMs: undefined }
    const taken = pending.get(subscription) ?? none
    pending.delete(subscription)
    return {
      subscription,
      ...taken,
      error: failure?.error,
      orderingKey: failure?.orderingKey,
      eventId: `gw_${randomUUID()}`,
    }
  }

  /** Counts that the store did not take are reported with the next ones. */
  function putBack({ subscription, delivered, failed, buckets, lastSuccessAtMs }: HealthReport): void {
    const later = pending.get(subscription)
    const both = new Map(buckets)
    for (const [bucket, times] of later?.buckets ?? []) both.set(bucket, (both.get(bucket) ?? 0) + times)
    pending.set(subscription, {
      delivered: delivered + (later?.delivered ?? 0),
      failed: failed + (later?.failed ?? 0),
      buckets: both,
      lastSuccessAtMs: later?.lastSuccessAtMs ?? lastSuccessAtMs,
    })
  }

  async function report(reports: readonly HealthReport[]): Promise<FailureRow[] | undefined> {
    try {
      const rows = await store.report(reports)
      if (rows.some(({ announces }) => announces)) onNews()
      return rows
    } catch (error) {
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'deliveries.not_reported')
      for (const one of reports) putBack(one)
      return undefined
    }
  }

  async function reportAll(): Promise<void> {
    const names = [...pending.keys()]
    for (let first = 0; first < names.length; first += MOST_REPORTED) {
      await report(names.slice(first, first + MOST_REPORTED).map((name) => take(name)))
    }
  }

  async function readOpen(): Promise<void> {
    const names = new Set(await store.failing())
    for (const name of names) if (!open.has(name)) open.set(name, new Set())
    for (const name of [...open.keys()]) if (!names.has(name)) closeBreaker(name)
  }

  function wake(subscription: string): void {
    for (const goOn of open.get(subscription) ?? []) goOn()
  }

  function closeBreaker(subscription: string): void {
    const waiting = open.get(subscription)
    open.delete(subscription)
    for (const goOn of waiting ?? []) goOn()
  }

  const reporting = repeat({ firstMs: everyMs, everyMs }, async () => {
    await reportAll()
    try {
      await readOpen()
    } catch (error) {
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'deliveries.not_reported')
    }
  })

  /** One of this process at a time asks for a subscription. */
  async function waitForProbe(subscription: string, leaseMs: number, signal: StopSignal): Promise<void> {
    while (open.has(subscription) && !signal.aborted) {
      const waitMs = await store.askProbe(subscription, leaseMs)
      if (waitMs === undefined) return closeBreaker(subscription)
      if (waitMs === 0) return
      await waitIn(open.get(subscription), waitMs, signal)
    }
  }

  return {
    succeeded(subscription, durationMs) {
      const own = count(subscription, durationMs)
      own.delivered += 1
      own.lastSuccessAtMs = clock.nowMs()
      if (!open.has(subscription)) return
      closeBreaker(subscription)
      void report([take(subscription)])
    },

    async failed(subscription, { durationMs, ...failure }) {
      count(subscription, durationMs).failed += 1
      const [row] = (await report([take(subscription, failure)])) ?? []
      if (row?.isOpen && !open.has(subscription)) open.set(subscription, new Set())
      wake(subscription)
      return row
    },

    async pass(subscription, leaseMs, signal) {
      if (!open.has(subscription) || signal.aborted) return false
      const before = turns.get(subscription) ?? Promise.resolve()
      const turn = before.then(() => waitForProbe(subscription, leaseMs, signal))
      const settled = turn.catch(() => undefined)
      turns.set(subscription, settled)
      try {
        await turn
      } finally {
        if (turns.get(subscription) === settled) turns.delete(subscription)
      }
      return true
    },

    async release(subscription) {
      if (open.has(subscription)) await store.releaseProbe(subscription)
    },

    isOpen: (subscription) => open.has(subscription),

    async close() {
      await reporting.stop()
      await reportAll()
    },
  }
}

function waitIn(waiting: Set<() => void> | undefined, waitMs: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      clearTimeout(timer)
      waiting?.delete(goOn)
      signal.removeEventListener('abort', goOn)
      resolve()
    }
    const timer = setTimeout(goOn, waitMs)
    waiting?.add(goOn)
    signal.addEventListener('abort', goOn)
  })
}
