// Owns: the audit log and the refused calls in Redis: what is noted comes there, newest first, and so much of it stays.
import type { AuditEntry } from '@wxgw/contracts'
import { AUDIT_KEY, createConsoleRecords, type ConsoleRecords } from '@wxgw/redis'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { startStore } from './queues-fixture.ts'

const entry = (number: number, rest: Partial<AuditEntry> = {}): AuditEntry => ({
  atMs: Date.now() - 1_000 + number,
  caller: 'crm',
  action: 'subscriptions:write',
  method: 'PUT',
  route: '/r',
  platform: 'open1',
  authorizer: null,
  subscription: null,
  outcome: 'OK',
  statusCode: 200,
  by: 'key',
  count: 1,
  requestId: String(number),
  ...rest,
})

const onError = (error: unknown) => {
  throw error
}

const idsOf = async (
  { audit }: ConsoleRecords,
  asked: Partial<Parameters<ConsoleRecords['audit']['find']>[0]> = {},
) => {
  const { items } = await audit.find({ limit: 500, cursor: undefined, matches: () => true, ...asked })
  return items.map(({ requestId }) => Number(requestId))
}

void t.test('what several processes note is read newest first, by filter and in pages', async (t) => {
  const { commands: redis } = await startStore(t)
  const [one, other] = [createConsoleRecords({ redis, onError }), createConsoleRecords({ redis, onError })]
  for (let number = 0; number < 700; number += 1) one.audit.note(entry(number))
  await one.audit.flush()
  other.audit.note(entry(700, { caller: 'ops' }))
  await until('it is handed over by itself', async () => (await idsOf(one, { limit: 1 }))[0] === 700)
  t.same(await idsOf(one, { matches: ({ caller }) => caller === 'ops' }), [700])
  const first = await one.audit.find({ limit: 600, cursor: undefined, matches: () => true })
  t.equal(first.items.length, 600)
  t.same(
    await idsOf(one, { cursor: first.nextCursor ?? '' }),
    Array.from({ length: 101 }, (_, index) => 100 - index),
  )
  const exact = await one.audit.find({ limit: 701, cursor: undefined, matches: () => true })
  t.equal(exact.nextCursor, null)
  const atMs = exact.items[300]?.atMs ?? 0
  t.equal((await idsOf(one, { toMs: atMs })).length, 401)
  t.equal((await idsOf(one, { fromMs: atMs, limit: 701 })).length, 301)
})

void t.test('the last 10,000 stay, and an entry of another version is passed over', async (t) => {
  const { commands: redis } = await startStore(t)
  const records = createConsoleRecords({ redis, onError })
  for (let number = 0; number < 10_500; number += 1) records.audit.note(entry(number))
  await records.audit.flush()
  t.equal(await redis.xlen(AUDIT_KEY), 10_000)
  t.same(await idsOf(records, { matches: ({ requestId }) => Number(requestId) <= 501 }), [501, 500])
  await redis.xadd(AUDIT_KEY, '*', 'entry', '{"v":2}')
  t.same(await idsOf(records, { limit: 2 }), [10_499, 10_498])
})

void t.test('what could not be handed over is handed over later', async (t) => {
  const { server, commands } = await startStore(t)
  const records = createConsoleRecords({ redis: commands, onError: () => undefined })
  await server.kill()
  records.audit.note(entry(1))
  await t.rejects(records.audit.flush(), { code: 'STORE_UNAVAILABLE' })
  await server.start()
  await until('it is handed over', async () => (await idsOf(records).catch((): number[] => [])).includes(1))
})
