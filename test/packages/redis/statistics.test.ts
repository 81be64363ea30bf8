// Owns: what the processes of a platform count, as it comes together in Redis: once each, for a bounded time.
import { createStatistics, type RedisConnection, type Statistics } from '@wxgw/redis'
import type { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { keys, startStore } from './queues-fixture.ts'

const NOON = Date.UTC(2026, 0, 1, 12)
const MINUTE_MS = 60_000

function processAt(redis: RedisConnection, clock: { ms: number }): Statistics {
  return createStatistics({ redis, keys, clock: { nowMs: () => clock.ms } })
}

void t.test('refused pushes of all processes add up by code for an hour, with the last address', async (t) => {
  const { commands } = await startStore(t)
  const clock = { ms: NOON }
  const one = processAt(commands, clock)
  const other = processAt(commands, clock)
  one.refused('SIGNATURE_MISMATCH', '192.0.2.1')
  one.refused('BODY_TOO_LARGE', '192.0.2.1')
  clock.ms += 20 * MINUTE_MS
  other.refused('SIGNATURE_MISMATCH', '2001:db8::2')
  one.refused('SIGNATURE_MISMATCH', '192.0.2.3')
  clock.ms += 1_000
  other.refused('SIGNATURE_MISMATCH', '2001:db8::4')
  t.same(await one.refusedPushes(), [])
  t.same(await commands.keys('*'), [], 'counting writes nothing')
  await other.flush()
  await one.flush()
  const large = { code: 'BODY_TOO_LARGE', lastAt: new Date(NOON).toISOString(), lastAddress: '192.0.2.1' }
  const mismatch = { code: 'SIGNATURE_MISMATCH', lastAt: new Date(clock.ms).toISOString(), lastAddress: '2001:db8::4' }
  t.same(await one.refusedPushes(), [
    { ...large, count1h: 1 },
    { ...mismatch, count1h: 4 },
  ])
  clock.ms = NOON + 59 * MINUTE_MS
  t.match(await other.refusedPushes(), [{ count1h: 1 }, { count1h: 4 }])
  clock.ms = NOON + 60 * MINUTE_MS
  t.same(
    await one.refusedPushes(),
    [
      { ...large, count1h: 0 },
      { ...mismatch, count1h: 3 },
    ],
    'a minute of an hour ago is no more in it',
  )
  for (const key of await commands.keys('*')) {
    const life = await commands.ttl(key)
    t.ok(life > 23 * 3600 && life <= 26 * 3600, `${key} lives for ${life} s`)
  }
})

void t.test('counts sent twice after a lost answer count once, and later ones are kept', async (t) => {
  const { commands } = await startStore(t)
  const clock = { ms: NOON }
  let isLost = true
  const lossy = new Proxy(commands, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        const answer: unknown = await Reflect.apply(value, target, args)
        if (isLost && name === 'eval') throw new Error('Command timed out')
        return answer
      }
    },
  })
  const process = processAt(lossy, clock)
  process.refused('MALFORMED_PUSH', '192.0.2.1')
  await t.rejects(process.flush(), { code: 'STORE_UNAVAILABLE' } satisfies Partial<GatewayError>)
  isLost = false
  process.refused('MALFORMED_PUSH', '192.0.2.2')
  await process.flush()
  await process.flush()
  t.match(await processAt(commands, clock).refusedPushes(), [{ count1h: 2, lastAddress: '192.0.2.2' }])
})

void t.test('statistics sum up minutes or hours of all processes for a day, empty ones included', async (t) => {
  const { commands } = await startStore(t)
  const clock = { ms: NOON - 25 * 60 * MINUTE_MS }
  const one = processAt(commands, clock)
  const other = processAt(commands, clock)
  one.count('pushes')
  await one.flush()
  clock.ms = NOON - 61 * MINUTE_MS
  one.count('pushes', 2)
  other.count('delivered')
  clock.ms = NOON - 1_000
  one.count('pushes')
  clock.ms = NOON
  other.count('pushes', 4)
  other.refused('SIGNATURE_MISMATCH', '192.0.2.1')
  other.count('refreshFailed')
  await Promise.all([one.flush(), other.flush()])

  const none = { pushes: 0, duplicates: 0, delivered: 0, failed: 0, dead: 0, refreshed: 0, refreshFailed: 0 }
  const at = (ms: number, sums = {}) => ({ at: new Date(ms).toISOString(), ...none, ...sums })
  const lastTwo = [at(NOON - MINUTE_MS, { pushes: 1 }), at(NOON, { pushes: 4, refreshFailed: 1 })]
  const minute = { stepMs: MINUTE_MS } as const
  t.same(await one.read({ ...minute, fromMs: NOON - 30_000 }), lastTwo)
  const found = await one.read({ ...minute, fromMs: NOON - 30_000, toMs: NOON + 3 * MINUTE_MS })
  t.same(found, lastTwo, 'nothing of what is yet to come')
  t.same(await one.read({ ...minute, fromMs: NOON - 3 * MINUTE_MS, toMs: NOON - 2 * MINUTE_MS }), [
    at(NOON - 3 * MINUTE_MS),
    at(NOON - 2 * MINUTE_MS),
  ])
  t.same(await one.read({ ...minute, fromMs: NOON, toMs: NOON - 1 }), [])
  const day = await one.read(minute)
  t.equal(day.length, 24 * 60)
  const shown = [day[0]?.at, day.at(-1)?.at]
  t.same(shown, [new Date(NOON - 24 * 60 * MINUTE_MS + MINUTE_MS).toISOString(), new Date(NOON).toISOString()])
  const listed = day.reduce((sum, { pushes }) => sum + pushes, 0)
  t.equal(listed, 7)
  t.same(await other.read({ ...minute, fromMs: 0 }), day)
  const hours = await one.read({ stepMs: 3_600_000 })
  t.equal(hours.length, 25, 'the first and the last hour are parts of the day')
  t.same(hours.slice(-3), [
    at(NOON - 120 * MINUTE_MS, { pushes: 2, delivered: 1 }),
    at(NOON - 60 * MINUTE_MS, { pushes: 1 }),
    at(NOON, { pushes: 4, refreshFailed: 1 }),
  ])
})

void t.test('a busy day of a platform is small', async (t) => {
  const { commands } = await startStore(t)
  const clock = { ms: NOON }
  const process = processAt(commands, clock)
  for (let minute = 0; minute < 24 * 60; minute += 1) {
    clock.ms = NOON + minute * MINUTE_MS
    for (const what of ['pushes', 'duplicates', 'delivered', 'failed', 'dead', 'refreshed', 'refreshFailed'] as const)
      process.count(what, 123_456)
  }
  await process.flush()
  const bytes = await Promise.all((await commands.keys('*')).map((key) => commands.memory('USAGE', key, 'SAMPLES', 0)))
  const total = bytes.reduce<number>((sum, one) => sum + Number(one), 0)
  t.ok(total < 1_500_000, `${total} bytes`)
})
