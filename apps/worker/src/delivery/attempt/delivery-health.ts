// Owns: this process' part in the circuit breakers of subscriptions. It reports each failure at once and successes
// twice a second, and waits while a breaker is open. The breaker itself is shared by all workers (packages/redis,
// delivery-health.ts). A successful attempt costs no round trip of its own.
import { randomUUID } from 'node:crypto'
import { type DeliveryHealthStore, durationBucket, type FailureRow, type HealthReport } from '@wxgw/redis'
import { type Log, repeat } from '@wxgw/runtime'
import { type Clock, isStoreAway, type StopSignal } from '@wxgw/wechat-core'

export type DeliveryHealth = {
  /** Counts in memory. While the breaker is open it is reported at once, which closes the breaker. */
  succeeded(subscription: string, durationMs: number): void
  /** Never rejects. undefined: the store is away; the failure is reported with the next counts. */
  failed(
    subscription: string,
    failure: { durationMs: number; error: string; orderingKey?: string | undefined },
  ): Promise<FailureRow | undefined>
  /**
   * Resolves when the next attempt may be made: at once while the breaker is closed or when `signal` is aborted. True
   * when the breaker was open. `leaseMs`: the longest time that an attempt takes. Rejects with STORE_UNAVAILABLE.
   */
  pass(subscription: string, leaseMs: number, signal: StopSignal): Promise<boolean>
  /** After `pass`, when the attempt was not made: another process may make the half-open attempt. */
  release(subscription: string): Promise<void>
  /** While the breaker is open, the fan-out makes no attempt itself. */
  isOpen(subscription: string): boolean
  /** Reports the remaining counts. */
  close(): Promise<void>
}

type DeliveryHealthDeps = {
  platform: string
  store: DeliveryHealthStore
  clock: Clock
  /** An announcement was stored. */
  onAnnouncement(): void
  log: Pick<Log, 'warn'>
  everyMs?: number
}

type Pending = { delivered: number; failed: number; buckets: Map<number, number>; lastSuccessAtMs: number | undefined }

const EVERY_MS = 500
const MAX_REPORTED = 100

export function createDeliveryHealth({
  platform,
  store,
  clock,
  onAnnouncement,
  log,
  everyMs = EVERY_MS,
}: DeliveryHealthDeps): DeliveryHealth {
  const pending = new Map<string, Pending>()
  /** Subscriptions whose breaker is not closed, as far as this process knows, with what waits for it. */
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
      if (rows.some(({ announces }) => announces)) onAnnouncement()
      return rows
    } catch (error) {
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'deliveries.not_reported')
      for (const one of reports) putBack(one)
      return undefined
    }
  }

  async function reportAll(): Promise<void> {
    const names = [...pending.keys()]
    for (let first = 0; first < names.length; first += MAX_REPORTED) {
      await report(names.slice(first, first + MAX_REPORTED).map((name) => take(name)))
    }
  }

  async function readOpen(): Promise<void> {
    const names = new Set(await store.failing())
    for (const name of names) if (!open.has(name)) open.set(name, new Set())
    for (const name of [...open.keys()]) if (!names.has(name)) closeBreaker(name)
  }

  function wake(subscription: string): void {
    for (const resume of open.get(subscription) ?? []) resume()
  }

  function closeBreaker(subscription: string): void {
    const waiting = open.get(subscription)
    open.delete(subscription)
    for (const resume of waiting ?? []) resume()
  }

  const reporting = repeat({ firstMs: everyMs, everyMs }, async () => {
    await reportAll()
    try {
      await readOpen()
    } catch (error) {
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'deliveries.not_reported')
    }
  })

  /** At most one call per subscription runs in this process. */
  async function waitForProbe(subscription: string, leaseMs: number, signal: StopSignal): Promise<void> {
    while (open.has(subscription) && !signal.aborted) {
      const waitMs = await store.claimProbe(subscription, leaseMs)
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
    const resume = () => {
      clearTimeout(timer)
      waiting?.delete(resume)
      signal.removeEventListener('abort', resume)
      resolve()
    }
    const timer = setTimeout(resume, waitMs)
    waiting?.add(resume)
    signal.addEventListener('abort', resume)
  })
}
