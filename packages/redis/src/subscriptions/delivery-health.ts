// Owns: how a subscription's attempts went, over all workers: the row of failures with the breaker that follows from it, when it is to be
// announced (announcements.ts), and counts and durations of the last hour. When to attempt is asked from here; doing it is not.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { runScript, script } from '../script.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { COUNTS_LIFE_SECONDS, countsSlot, minuteOf } from './delivery-counts.ts'

/** What one process saw since its last report. `buckets`: of durations (delivery-counts.ts). `error`: of the one failure that it reports. */
export type HealthReport = {
  subscription: string
  delivered: number
  failed: number
  buckets: ReadonlyMap<number, number>
  lastSuccessAtMs: number | undefined
  error: string | undefined
  /** Of deliveries that wait for each other only the first failure opens the breaker, until one succeeds: one of them is no outage. */
  orderingKey: string | undefined
  /** Names the event that may have to be announced. */
  eventId: string
}

/** `sinceMs`: the first failure of the row. */
export type FailureRow = { failures: number; sinceMs: number; announces: boolean; isOpen: boolean }

export type StoredHealth = {
  breaker: 'closed' | 'open' | 'half_open'
  failingSinceMs: number | undefined
  lastSuccessAtMs: number | undefined
  lastError: string | undefined
}

/** All reject with STORE_UNAVAILABLE. */
export type DeliveryHealthStore = {
  /** In their order. */
  report(reports: readonly HealthReport[]): Promise<FailureRow[]>
  /** 0: this attempt may be made, by nobody else until it ends or `leaseMs` are over. undefined: the breaker is closed. Else ms to wait. */
  askProbe(subscription: string, leaseMs: number): Promise<number | undefined>
  /** The attempt was not made. */
  releaseProbe(subscription: string): Promise<void>
  /** Those whose breaker is not closed. */
  failing(): Promise<string[]>
  /** It was disabled: who enables it again begins a new row. */
  endRow(subscription: string): Promise<void>
  read(subscription: string): Promise<StoredHealth>
}

export type HealthKeys = Pick<PlatformKeys, 'subscriptions' | 'deliveryHealth' | 'failedOrderingKeys' | 'deliveryCounts' | 'failing' | 'healthAnnouncements'>

const BREAKER_OPENS_AFTER = 5
/** Longer than the longest pause between two attempts of a schedule. */
const LIFE_SECONDS = 30 * 86_400

const ROW = ['failures', 'sinceMs', 'lastFailureAtMs', 'announcedAtMs', 'pauseUntilMs', 'probeUntilMs', 'opening']

/**
 * Closed: everything passes. Open after 5 failures in a row: nothing passes for 2 ms for each failure of the row, 1 s at most. Then half
 * open: one attempt of all workers passes. It closes by whatever is delivered.
 */
const BREAKER_LUA = `
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function pauseAfter(failures) return math.min(failures * 2, 1000) end
`

/**
 * Of a subscription that was deleted nothing is kept.
 * KEYS: those whose breaker is open, announcements, subscriptions, then for each report: health, counts, ordering keys that failed
 * ARGV: failures that open, life of the health in s, life of the counts in s, then for each report: subscription, age of the last success in
 *       ms ('' = none), error of a failure ('' = none), its ordering key ('' = none), event's id, how many counts, for each: field, count
 * -> for each report: failures in a row, since when, 1 = there is something to announce, failures that count for the breaker
 */
const reportHealth = script(`${BREAKER_LUA}
local answers, at = {}, 4

local function announce(id, kind, name, failures, since, lastError)
  local about = {kind = kind, subscription = name, failures = failures, sinceMs = since, lastError = lastError}
  call('HSET', KEYS[2], id .. '-' .. kind, cjson.encode(about))
end

local function isNewKey(keys, key)
  if key == '' then return true end
  if call('SISMEMBER', keys, key) == 1 then return false end
  -- With so many the pause is the longest.
  if call('SCARD', keys) < 500 then call('SADD', keys, key) end
  call('EXPIRE', keys, ARGV[2])
  return true
end

local function take(index, last)
  local health, name, age, failed, id = KEYS[index], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 4]
  if call('HEXISTS', KEYS[3], name) == 0 then return {0, now, 0, 0} end
  for place = at + 6, last, 2 do call('HINCRBY', KEYS[index + 1], ARGV[place], ARGV[place + 1]) end
  if last > at + 5 then call('EXPIRE', KEYS[index + 1], ARGV[3]) end
  local known = call('HMGET', health, 'failures', 'sinceMs', 'lastFailureAtMs', 'announcedAtMs', 'lastError', 'opening')
  local failures, since, announcedAt = tonumber(known[1] or 0), tonumber(known[2] or now), tonumber(known[4] or nil)
  local hasNews, opening = 0, tonumber(known[6] or 0)
  if age ~= '' then
    local succeededAt = now - age
    call('HSET', health, 'lastSuccessAtMs', succeededAt)
    if failures > 0 and succeededAt >= tonumber(known[3]) then
      if announcedAt then
        announce(id, 'recovered', name, failures, since, known[5])
        hasNews = 1
      end
      call('HDEL', health, 'failures', 'sinceMs', 'lastFailureAtMs', 'announcedAtMs', 'pauseUntilMs', 'probeUntilMs', 'opening')
      call('ZREM', KEYS[1], name)
      call('UNLINK', KEYS[index + 2])
      failures, since, announcedAt, opening = 0, now, nil, 0
    end
  end
  if failed ~= '' then
    failures = failures + 1
    if isNewKey(KEYS[index + 2], ARGV[at + 3]) then opening = opening + 1 end
    call('HSET', health, 'failures', failures, 'opening', opening, 'sinceMs', since, 'lastFailureAtMs', now, 'lastError', failed, 'pauseUntilMs', now + pauseAfter(opening))
    call('HDEL', health, 'probeUntilMs')
    if opening >= tonumber(ARGV[1]) then call('ZADD', KEYS[1], since, name) end
    if failures == 50 or failures == 100 or (announcedAt and now - announcedAt >= 86400000) then
      announce(id, 'failing', name, failures, since, failed)
      call('HSET', health, 'announcedAtMs', now)
      hasNews = 1
    end
  end
  call('EXPIRE', health, ARGV[2])
  return {failures, since, hasNews, opening}
end

for index = 4, #KEYS, 3 do
  local last = at + 5 + 2 * ARGV[at + 5]
  answers[#answers + 1] = take(index, last)
  at = last + 1
end
return answers
`)

/**
 * KEYS: health, those whose breaker is open
 * ARGV: failures that open, ms that the attempt may take, subscription
 * -> -1 = closed, 0 = this attempt, else ms to wait
 */
const askProbe = script(`${BREAKER_LUA}
local known = call('HMGET', KEYS[1], 'opening', 'pauseUntilMs', 'probeUntilMs')
local failures = tonumber(known[1] or 0)
if failures < tonumber(ARGV[1]) then
  call('ZREM', KEYS[2], ARGV[3])
  return -1
end
local paused, probing = tonumber(known[2] or 0) - now, tonumber(known[3] or 0) - now
if paused > 0 then return paused end
if probing > 0 then return math.min(probing, pauseAfter(failures)) end
call('HSET', KEYS[1], 'probeUntilMs', now + ARGV[2])
return 0
`)

export function createDeliveryHealthStore({ redis, keys }: { redis: RedisConnection; keys: HealthKeys }): DeliveryHealthStore {
  return {
    report: (reports) =>
      guardStore(async () => {
        const nowMs = Date.now()
        const args = reports.flatMap((report) => [
          report.subscription,
          report.lastSuccessAtMs === undefined ? '' : Math.max(nowMs - report.lastSuccessAtMs, 0),
          report.error ?? '',
          report.orderingKey ?? '',
          report.eventId,
          ...countsOf(report, nowMs),
        ])
        const names = reports.flatMap(({ subscription }) => [
          keys.deliveryHealth(subscription),
          keys.deliveryCounts(subscription, String(countsSlot(nowMs))),
          keys.failedOrderingKeys(subscription),
        ])
        const answers = await runScript(redis, reportHealth, {
          keys: [keys.failing, keys.healthAnnouncements, keys.subscriptions, ...names],
          args: [BREAKER_OPENS_AFTER, LIFE_SECONDS, COUNTS_LIFE_SECONDS, ...args],
        })
        return (Array.isArray(answers) ? answers : []).map(parseRow)
      }),

    askProbe: (subscription, leaseMs) =>
      guardStore(async () => {
        const asked = { keys: [keys.deliveryHealth(subscription), keys.failing], args: [BREAKER_OPENS_AFTER, leaseMs, subscription] }
        const waitMs = Number(await runScript(redis, askProbe, asked))
        return waitMs < 0 ? undefined : waitMs
      }),

    releaseProbe: (subscription) => guardStore(async () => void (await redis.hdel(keys.deliveryHealth(subscription), 'probeUntilMs'))),

    failing: () => guardStore(() => redis.zrange(keys.failing, '0', '-1')),

    endRow: (subscription) =>
      guardStore(async () => {
        await redis.hdel(keys.deliveryHealth(subscription), ...ROW)
        await redis.zrem(keys.failing, subscription)
        await redis.unlink(keys.failedOrderingKeys(subscription))
      }),

    read: (subscription) =>
      guardStore(async () => {
        const [fields, time] = allSucceeded(await redis.pipeline().hgetall(keys.deliveryHealth(subscription)).time().exec())
        return parseHealth(isFields(fields) ? fields : {}, Array.isArray(time) ? Number(time[0]) * 1_000 : Date.now())
      }),
  }
}

function countsOf({ delivered, failed, buckets }: HealthReport, nowMs: number): Array<string | number> {
  const minute = minuteOf(nowMs)
  const counts: Array<[field: string, count: number]> = [...buckets].map(([bucket, count]) => [`b:${bucket}`, count])
  if (delivered > 0) counts.push([`d:${minute}`, delivered])
  if (failed > 0) counts.push([`f:${minute}`, failed])
  return [counts.length, ...counts.flat()]
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

function isFields(answer: unknown): answer is Record<string, string> {
  return typeof answer === 'object' && answer !== null
}
