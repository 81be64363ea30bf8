// Owns: counts per minute of a platform over all processes in the last day, and the last refused pushes. Each process
// counts in memory and flushes in one write; a repeated flush is counted once.
import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import {
  codeOfRefused,
  type Counts,
  createMinuteCounts,
  DAY_MS,
  type HOUR_MS,
  isStatistic,
  MINUTE_MS,
  MINUTES_PER_HOUR,
  type Statistic,
} from './minute-counts.ts'

/** One minute or hour. `at`: its beginning. */
export type StatisticSums = { at: string } & Record<Statistic, number>
export type StatisticsAsked = {
  fromMs?: number | undefined
  toMs?: number | undefined
  stepMs: typeof MINUTE_MS | typeof HOUR_MS
}

export type RefusedPushes = { code: string; count1h: number; lastAt: string; lastAddress: string }

export type Statistics = {
  /** In memory. */
  count(what: Statistic, by?: number): void
  /** The counts of this process since its start. */
  totals(): Array<[what: Statistic, count: number]>
  /** A push of this platform was refused. In memory. */
  refused(code: string, address: string): void
  /** Flushes the counts since the last flush. Rejects with STORE_UNAVAILABLE; the next call then writes them. */
  flush(): Promise<void>
  /**
   * Whole minutes or hours, oldest first, from the one of `fromMs` (default and earliest: a day ago) to the one of
   * `toMs` (default and latest: now), including those without counts.
   */
  read(asked: StatisticsAsked): Promise<StatisticSums[]>
  /** By code, of the last day. */
  refusedPushes(): Promise<RefusedPushes[]>
}

export type StatisticsDeps = {
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'statistics' | 'refusedPushes'>
  clock?: Clock
}

/** Life of an hour's key after its last write: a day, the rest of the hour, and one more. */
const HOUR_LIFE_SECONDS = 26 * 3600
const REFUSED_LIFE_SECONDS = 24 * 3600

const addCounts = defineScript({
  name: 'statistics/add-counts',
  keys: ['refused'],
  args: ['process', 'number', 'hourLife', 'refusedLife'],
  eachKeys: ['hour'],
  moreArgs: 'counts',
  records: { hour: ['count'], refusal: ['code', 'atMs', 'address'] },
})

export function createStatistics({ redis, keys, clock = systemClock }: StatisticsDeps): Statistics {
  const counts = createMinuteCounts()
  const process = `process ${randomBytes(9).toString('base64url')}`
  let writes = 0
  let unwritten: { number: number; counts: Counts } | undefined

  async function write({ number, counts: { minutes, refused } }: NonNullable<typeof unwritten>): Promise<void> {
    const hours = byHour(minutes)
    const { hour: hourRecord, refusal } = addCounts.records
    const counted = [...hours.values()].flatMap((fields) => [...hourRecord({ count: fields.length / 2 }), ...fields])
    const last = [...refused].flatMap(([code, { atMs, address }]) => refusal({ code, atMs, address }))
    await addCounts(redis, {
      refused: keys.refusedPushes,
      process,
      number,
      hourLife: HOUR_LIFE_SECONDS,
      refusedLife: REFUSED_LIFE_SECONDS,
      each: [...hours.keys()].map((hour) => ({ hour: keys.statistics(String(hour)) })),
      counts: [...counted, ...last],
    })
  }

  /** By minute, oldest first; both bounds belong to the range. */
  async function read(
    fromMinute: number,
    toMinute: number,
  ): Promise<Array<{ minute: number; counter: string; count: number }>> {
    const hours: number[] = []
    for (
      let hour = Math.floor(fromMinute / MINUTES_PER_HOUR);
      hour <= Math.floor(toMinute / MINUTES_PER_HOUR);
      hour += 1
    )
      hours.push(hour)
    const pipeline = redis.pipeline()
    for (const hour of hours) pipeline.hgetall(keys.statistics(String(hour)))
    const answers = allSucceeded(await pipeline.exec())
    return answers
      .flatMap((answer, index) => parseHour(hours[index] ?? 0, answer))
      .filter(({ minute }) => minute >= fromMinute && minute <= toMinute)
  }

  return {
    count(what, by = 1) {
      if (by > 0) counts.add(what, by, clock.nowMs())
    },

    totals: () => [...counts.totals].flatMap(([what, count]) => (isStatistic(what) ? [[what, count]] : [])),

    refused: (code, address) => counts.refused(code, address, clock.nowMs()),

    flush: () =>
      guardStore(async () => {
        if (unwritten) await write(unwritten)
        const taken = counts.take()
        unwritten = taken && { number: (writes += 1), counts: taken }
        if (unwritten) await write(unwritten)
        unwritten = undefined
      }),

    read: ({ fromMs = -Infinity, toMs = Infinity, stepMs }) =>
      guardStore(async () => {
        const nowMs = clock.nowMs()
        const first = Math.floor(Math.max(fromMs, nowMs - DAY_MS + MINUTE_MS) / stepMs)
        const last = Math.floor(Math.min(toMs, nowMs) / stepMs)
        const steps = Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) =>
          noSums((first + index) * stepMs),
        )
        if (steps.length === 0) return steps
        const perStep = stepMs / MINUTE_MS
        for (const { minute, counter, count } of await read(first * perStep, (last + 1) * perStep - 1)) {
          const sums = steps[Math.floor(minute / perStep) - first]
          if (sums && isStatistic(counter)) sums[counter] += count
        }
        return steps
      }),

    refusedPushes: () =>
      guardStore(async () => {
        const nowMinute = Math.floor(clock.nowMs() / MINUTE_MS)
        const [last, lately] = await Promise.all([
          redis.hgetall(keys.refusedPushes),
          read(nowMinute - MINUTES_PER_HOUR + 1, nowMinute),
        ])
        const count1h = new Map<string, number>()
        for (const { counter, count } of lately) {
          const code = codeOfRefused(counter)
          if (code !== undefined) count1h.set(code, (count1h.get(code) ?? 0) + count)
        }
        return Object.entries(last)
          .toSorted(([left], [right]) => (left < right ? -1 : 1))
          .map(([code, text]) => ({ code, count1h: count1h.get(code) ?? 0, ...parseLast(text) }))
      }),
  }
}

function noSums(atMs: number): StatisticSums {
  const none = { pushes: 0, duplicates: 0, delivered: 0, failed: 0, dead: 0, refreshed: 0, refreshFailed: 0 }
  return { at: new Date(atMs).toISOString(), ...none }
}

/** By hour since 1970: fields `<minute>:<counter>` and counts in turn. */
function byHour(minutes: Counts['minutes']): Map<number, Array<string | number>> {
  const hours = new Map<number, Array<string | number>>()
  for (const [minute, sums] of minutes) {
    const hour = Math.floor(minute / MINUTES_PER_HOUR)
    const fields = hours.get(hour) ?? []
    hours.set(hour, fields)
    for (const [counter, count] of sums) fields.push(`${minute % MINUTES_PER_HOUR}:${counter}`, count)
  }
  return hours
}

function parseHour(hour: number, answer: unknown): Array<{ minute: number; counter: string; count: number }> {
  if (typeof answer !== 'object' || answer === null) return []
  return Object.entries(answer).flatMap(([field, count]) => {
    const [, minute, counter] = /^(\d{1,2}):(.+)$/.exec(field) ?? []
    if (minute === undefined || counter === undefined) return []
    return [{ minute: hour * MINUTES_PER_HOUR + Number(minute), counter, count: Number(count) }]
  })
}

function parseLast(text: string): { lastAt: string; lastAddress: string } {
  const [ms = '0', lastAddress = ''] = text.split(' ')
  return { lastAt: new Date(Number(ms)).toISOString(), lastAddress }
}
