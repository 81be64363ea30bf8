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

void t.test('refused pushes of all processes come together by code, of the last hour and with the last address', async (t) => {
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
  await other.handOver()
  await one.handOver()
  const large = { code: 'BODY_TOO_LARGE', lastAt: new Date(NOON).toISOString(), lastAddress: '192.0.2.1' }
  const mismatch = { code: 'SIGNATURE_MISMATCH', lastAt: new Date(clock.ms).toISOString(), lastAddress: '2001:db8::4' }
  t.same(await one.refusedPushes(), [{ ...large, count1h: 1 }, { ...mismatch, count1h: 4 }])
  clock.ms = NOON + 59 * MINUTE_MS
  t.match(await other.refusedPushes(), [{ count1h: 1 }, { count1h: 4 }])
  clock.ms = NOON + 60 * MINUTE_MS
  t.same(await one.refusedPushes(), [{ ...large, count1h: 0 }, { ...mismatch, count1h: 3 }], 'a minute of an hour ago is no more in it')
  for (const key of await commands.keys('*')) {
    const life = await commands.ttl(key)
    t.ok(life > 23 * 3600 && life <= 26 * 3600, `${key} lives for ${life} s`)
  }
})

void t.test('what is handed over twice, because its answer was lost, counts once, and what came meanwhile is not lost', async (t) => {
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
  await t.rejects(process.handOver(), { code: 'STORE_UNAVAILABLE' } satisfies Partial<GatewayError>)
  isLost = false
  process.refused('MALFORMED_PUSH', '192.0.2.2')
  await process.handOver()
  await process.handOver()
  t.match(await processAt(commands, clock).refusedPushes(), [{ count1h: 2, lastAddress: '192.0.2.2' }])
})
