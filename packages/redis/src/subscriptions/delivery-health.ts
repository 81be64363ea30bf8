// Owns: the circuit breaker of a subscription, shared by all workers: failures in a row, when they are announced
// (announcements.ts), and the counts of the last hour.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { allSucceeded, guardStore, hashIn } from '../store-errors.ts'
import { COUNTS_LIFE_SECONDS, countsSlot, minuteOf } from './delivery-counts.ts'

/**
 * One process' attempts since its last report. `buckets`: durations (delivery-counts.ts). `error`: the error of the
 * reported failure.
 */
export type HealthReport = {
  subscription: string
  delivered: number
  failed: number
  buckets: ReadonlyMap<number, number>
  lastSuccessAtMs: number | undefined
  error: string | undefined
  /**
   * Deliveries with the same key wait for each other. Their failures count once, until one succeeds: one failing
   * delivery is not an outage.
   */
  orderingKey: string | undefined
  /** The id for an event that this report may cause. */
  eventId: string
}

/** `failures`: in a row. `sinceMs`: the first of them. */
export type FailureRow = { failures: number; sinceMs: number; announces: boolean; isOpen: boolean }

export type StoredHealth = {
  breaker: 'closed' | 'open' | 'half_open'
  failingSinceMs: number | undefined
  lastSuccessAtMs: number | undefined
  lastError: string | undefined
}

/** All reject with STORE_UNAVAILABLE. */
export type DeliveryHealthStore = {
  /** Answers in the order of the reports. */
  report(reports: readonly HealthReport[]): Promise<FailureRow[]>
  /**
   * Claims the attempt of a half-open breaker. 0: the caller has it, until its report or for `leaseMs`. undefined: the
   * breaker is closed. Otherwise the milliseconds to wait.
   */
  claimProbe(subscription: string, leaseMs: number): Promise<number | undefined>
  /** Call it when the claimed attempt was not made. */
  releaseProbe(subscription: string): Promise<void>
  /** The subscriptions whose breaker is not closed. */
  failing(): Promise<string[]>
  /** Call it after a subscription was disabled, so that enabling it starts a new row of failures. */
  endRow(subscription: string): Promise<void>
  read(subscription: string): Promise<StoredHealth>
}

type HealthKeys = Pick<
  PlatformKeys,
  'subscriptions' | 'deliveryHealth' | 'failedOrderingKeys' | 'deliveryCounts' | 'failing' | 'healthAnnouncements'
>

const BREAKER_OPENS_AFTER = 5
/** Longer than the longest delay in a schedule. */
const LIFE_SECONDS = 30 * 86_400

const ROW = ['failures', 'sinceMs', 'lastFailureAtMs', 'announcedAtMs', 'pauseUntilMs', 'probeUntilMs', 'opening']

/**
 * Closed: every attempt passes. Open after 5 failures in a row: no attempt passes for 2 ms per failure, at most 1 s.
 * Then half open: one attempt of all workers passes. Any successful delivery closes it.
 */
const reportHealth = defineScript({
  name: 'subscriptions/report-health',
  keys: ['failing', 'announcements', 'subscriptions'],
  args: ['opensAfter', 'life', 'countsLife'],
  eachKeys: ['health', 'counts', 'failedKeys'],
  moreArgs: 'reports',
  records: { report: ['name', 'age', 'failed', 'orderingKey', 'eventId', 'count'] },
})
const claimProbe = defineScript({
  name: 'subscriptions/claim-probe',
  keys: ['health', 'failing'],
  args: ['opensAfter', 'leaseMs', 'name'],
})

export function createDeliveryHealthStore({
  redis,
  keys,
}: {
  redis: RedisConnection
  keys: HealthKeys
}): DeliveryHealthStore {
  return {
    report: (reports) =>
      guardStore(async () => {
        const nowMs = Date.now()
        const written = reports.flatMap((report) => {
          const counts = countsOf(report, nowMs)
          const record = reportHealth.records.report({
            name: report.subscription,
            age: report.lastSuccessAtMs === undefined ? '' : Math.max(nowMs - report.lastSuccessAtMs, 0),
            failed: report.error ?? '',
            orderingKey: report.orderingKey ?? '',
            eventId: report.eventId,
            count: counts.length,
          })
          return [...record, ...counts.flat()]
        })
        const each = reports.map(({ subscription }) => ({
          health: keys.deliveryHealth(subscription),
          counts: keys.deliveryCounts(subscription, String(countsSlot(nowMs))),
          failedKeys: keys.failedOrderingKeys(subscription),
        }))
        const answers = await reportHealth(redis, {
          failing: keys.failing,
          announcements: keys.healthAnnouncements,
          subscriptions: keys.subscriptions,
          opensAfter: BREAKER_OPENS_AFTER,
          life: LIFE_SECONDS,
          countsLife: COUNTS_LIFE_SECONDS,
          each,
          reports: written,
        })
        return (Array.isArray(answers) ? answers : []).map(parseRow)
      }),

    claimProbe: (subscription, leaseMs) =>
      guardStore(async () => {
        const asked = { opensAfter: BREAKER_OPENS_AFTER, leaseMs, name: subscription }
        const places = { health: keys.deliveryHealth(subscription), failing: keys.failing }
        const waitMs = Number(await claimProbe(redis, { ...places, ...asked }))
        return waitMs < 0 ? undefined : waitMs
      }),

    releaseProbe: (subscription) =>
      guardStore(async () => void (await redis.hdel(keys.deliveryHealth(subscription), 'probeUntilMs'))),

    failing: () => guardStore(() => redis.zrange(keys.failing, '0', '-1')),

    endRow: (subscription) =>
      guardStore(async () => {
        await redis.hdel(keys.deliveryHealth(subscription), ...ROW)
        await redis.zrem(keys.failing, subscription)
        await redis.unlink(keys.failedOrderingKeys(subscription))
      }),

    read: (subscription) =>
      guardStore(async () => {
        const [fields, time] = allSucceeded(
          await redis.pipeline().hgetall(keys.deliveryHealth(subscription)).time().exec(),
        )
        return parseHealth(hashIn(fields), Array.isArray(time) ? Number(time[0]) * 1_000 : Date.now())
      }),
  }
}

function countsOf({ delivered, failed, buckets }: HealthReport, nowMs: number): Array<[field: string, count: number]> {
  const minute = minuteOf(nowMs)
  const counts: Array<[field: string, count: number]> = [...buckets].map(([bucket, count]) => [`b:${bucket}`, count])
  if (delivered > 0) counts.push([`d:${minute}`, delivered])
  if (failed > 0) counts.push([`f:${minute}`, failed])
  return counts
}

function parseRow(answer: unknown): FailureRow {
  const [failures = 0, sinceMs = 0, announces = 0, opening = 0] = Array.isArray(answer) ? answer.map(Number) : []
  return { failures, sinceMs, announces: announces === 1, isOpen: opening >= BREAKER_OPENS_AFTER }
}

function parseHealth(fields: Record<string, string>, nowMs: number): StoredHealth {
  const number = (name: string) => (fields[name] === undefined ? undefined : Number(fields[name]))
  const isOpen = (number('opening') ?? 0) >= BREAKER_OPENS_AFTER
  const breaker = nowMs < (number('pauseUntilMs') ?? 0) ? 'open' : 'half_open'
  return {
    breaker: isOpen ? breaker : 'closed',
    failingSinceMs: number('sinceMs'),
    lastSuccessAtMs: number('lastSuccessAtMs'),
    lastError: fields['lastError'],
  }
}
