// Owns: subscriptions as callers write them, as every process soon knows them, and as they leave nothing behind.
import type { SubscriptionInput } from '@wxgw/contracts'
import {
  connectRedis,
  createAnnouncements,
  createDeliveryQueue,
  createSinkWriter,
  createSubscriptions,
  deliveriesQueue,
  type RedisConnection,
  sinkQueue,
  sinkStream,
  type Subscriptions,
} from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { startTcpProxy } from '../../chaos/tcp-proxy.ts'
import { pluck } from '../../helpers/pluck.ts'
import { standaloneSettings } from '../../helpers/redis-settings.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'
import {
  dump,
  keys,
  makeEvent,
  PLATFORM,
  sealer,
  shards,
  startStore,
  type Store,
  deliveryJob,
} from './queues-fixture.ts'

/** Why one is disabled. */
const AFTER = { failures: 1, sinceMs: 0, lastError: 'HTTP 410' }

const WEBHOOK: SubscriptionInput = { sink: { kind: 'webhook', url: 'https://crm.example/hooks' } }
const secretOf = (bytes: number, fill = 'C') => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`
const withSecret = (secret: string): SubscriptionInput => ({
  sink: { kind: 'webhook', url: 'https://crm.example', secret },
})
const DAY_MS = 24 * 3600 * 1000

function open(
  { queues, commands }: Pick<Store, 'queues'> & { commands: RedisConnection },
  clock = { nowMs: () => Date.now() },
): Subscriptions {
  return createSubscriptions({
    platform: PLATFORM,
    platforms: [PLATFORM],
    redis: commands,
    keys,
    sealer,
    queues,
    clock,
    shards,
    checkWebhookUrl: (url) => (url.startsWith('https://10.') ? 'a private address' : undefined),
  })
}

/** One process over a Redis of its own, with a clock that goes on when it is told to. */
async function startOne(t: Test) {
  const store = await startStore(t)
  const clock = { ms: 1_000_000, nowMs: () => clock.ms }
  return { store, clock, subscriptions: open(store, clock) }
}

const QUEUE: SubscriptionInput = { sink: { kind: 'queue' } }
const secretsOf = async (subscriptions: Subscriptions, name = 'crm') =>
  (await subscriptions.webhookSecrets(name)).map((secret) => secret.reveal())
const namesOf = (list: ReadonlyArray<{ name: string }>) => pluck(list, 'name')
/** How often Redis was asked for this. */
const callsOf = async ({ commands }: Store, command: string) =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await commands.info('commandstats'))?.[1] ?? 0)

void t.test('what is left out gets its default, and what is answered can be written again', async (t) => {
  const { store, subscriptions } = await startOne(t)
  const { created, subscription, secret } = await subscriptions.put('crm', WEBHOOK)
  t.equal(created, true)
  t.match(secret ?? '', /^whsec_[A-Za-z0-9+/]{43}=$/)
  t.match(subscription, {
    name: 'crm',
    match: { authorizers: undefined, types: undefined },
    sink: { kind: 'webhook', url: 'https://crm.example/hooks', timeoutMs: 10_000 },
    retry: { scheduleSeconds: [5, 300, 1800, 7200, 18000, 36000, 36000] },
    ...{ reply: false, fallback: null, ordering: 'none', orderingTimeoutSeconds: 60, throttle: null },
    ...{ maxBacklog: 1_000_000, disableAfterSeconds: 432_000, enabled: true, paused: false, declared: false },
  })
  const stream = await subscriptions.put('s', { sink: { kind: 'stream', maxLength: 5 } })
  t.same(stream.subscription.sink, { kind: 'stream', stream: sinkStream(PLATFORM, 's'), maxLength: 5 })
  const queue = await subscriptions.put('q', QUEUE)
  t.same(queue.subscription.sink, { kind: 'queue', queue: sinkQueue(PLATFORM, 'q') })
  const data = { EventKey: { prefix: 'qrscene_' }, MsgType: { not: ['text'] } }
  await subscriptions.put('d', { match: { data }, sink: { kind: 'queue' } })
  t.same((await open(store).get('d'))?.match, { authorizers: undefined, types: undefined, data }, 'in every process')
  const whole = { kind: 'queue', queue: sinkQueue(PLATFORM, 'q'), prefix: 'bull' } as const
  const again = await subscriptions.put('q', { name: 'q', sink: whole })
  t.equal(again.created, false)
  t.equal(again.subscription.createdAtMs, queue.subscription.createdAtMs)
  t.same(await subscriptions.get('s'), stream.subscription)
})

void t.test('what the schema cannot see is refused by name, never by value', async (t) => {
  const { subscriptions } = await startOne(t)
  const refused: Array<[string, SubscriptionInput]> = [
    ['UPPER', WEBHOOK],
    ['-a', WEBHOOK],
    ['a'.repeat(64), WEBHOOK],
    ['crm', { ...WEBHOOK, name: 'other' }],
    ['crm', { sink: { kind: 'webhook', url: 'https://10.0.0.1/CANARY' } }],
    ...[secretOf(23), secretOf(65), 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'].map(
      (secret): [string, SubscriptionInput] => ['crm', withSecret(secret)],
    ),
    ['crm', { sink: { kind: 'queue', queue: '{wx-queue.open1.other}' } }],
    ['crm', { sink: { kind: 'queue', prefix: 'mine' } }],
    ['crm', { sink: { kind: 'stream', stream: 'CANARY' } }],
  ]
  for (const [name, input] of refused) {
    const error: unknown = await subscriptions.put(name, input).catch((caught: unknown) => caught)
    t.match(error, { code: 'INVALID_REQUEST' }, `${name} ${JSON.stringify(input)}`)
    t.notMatch(String(error), /CANARY/)
  }
  t.same(await subscriptions.all(0), [])
  for (const bytes of [24, 64]) await subscriptions.put('crm', withSecret(secretOf(bytes)))
})

void t.test('an existing queue or stream keeps its recorded name, written by the caller or not', async (t) => {
  const { store, subscriptions } = await startOne(t)
  const sinks: Array<[name: string, old: SubscriptionInput['sink'], anew: SubscriptionInput['sink']]> = [
    ['q', { kind: 'queue', queue: '{wx-open1-q}' }, { kind: 'queue', queue: sinkQueue(PLATFORM, 'q') }],
    ['s', { kind: 'stream', stream: 'wx:{open1}:stream:s' }, { kind: 'stream', stream: sinkStream(PLATFORM, 's') }],
  ]
  for (const [name, old, anew] of sinks) {
    await subscriptions.put(name, { sink: anew })
    // As an earlier version wrote it.
    const record = JSON.parse((await store.commands.hget(keys.subscriptions, name)) ?? '') as { subscription: object }
    const before = { ...record, subscription: { ...record.subscription, sink: old } }
    await store.commands.hset(keys.subscriptions, name, JSON.stringify(before))
    await store.commands.incr(keys.subscriptionsVersion)
    for (const sink of [{ kind: old.kind }, old] as SubscriptionInput['sink'][])
      t.match((await subscriptions.put(name, { sink, enabled: false })).subscription.sink, old)
    const put = () => subscriptions.put(name, { sink: anew })
    await t.rejects(put(), { code: 'INVALID_REQUEST' }, 'not the name of a new one')
    await subscriptions.put(name, WEBHOOK)
    t.match((await put()).subscription.sink, anew, 'but after it was something else')
  }
})

void t.test('a webhook secret is answered once, kept on update, sealed, and overlaps a day', async (t) => {
  const { store, clock, subscriptions } = await startOne(t)
  const [first, second] = [secretOf(32, 'A'), secretOf(32, 'B')]
  t.equal((await subscriptions.put('crm', withSecret(first))).secret, first)
  for (const input of [WEBHOOK, withSecret(first)]) {
    t.equal((await subscriptions.put('crm', input)).secret, undefined)
    t.same(await secretsOf(subscriptions), [first])
  }
  await subscriptions.put('crm', withSecret(second))
  t.same(await secretsOf(subscriptions), [second, first])
  clock.ms += DAY_MS - 1
  t.same(await secretsOf(subscriptions), [second, first])
  clock.ms += 1
  t.same(await secretsOf(subscriptions), [second])
  const everything = await dump(store.commands)
  for (const secret of [first, second]) t.notOk(everything.includes(secret.slice('whsec_'.length, -2)))
  await t.rejects(subscriptions.webhookSecrets('other'), { code: 'SUBSCRIPTION_NOT_FOUND' })
})

void t.test('each of the last four replaced secrets signs for a day; a new one is answered once', async (t) => {
  const { store, clock, subscriptions } = await startOne(t)
  const { secret: first } = await subscriptions.put('crm', WEBHOOK)
  const second = await subscriptions.rotateSecret('crm')
  t.match(second, /^whsec_[A-Za-z0-9+/]{43}=$/)
  t.same(await secretsOf(subscriptions), [second, first])
  clock.ms += DAY_MS / 2
  const third = await subscriptions.rotateSecret('crm')
  t.same(await secretsOf(subscriptions), [third, second, first])
  t.same(await secretsOf(open(store, clock)), [third, second, first], 'in every process')
  t.equal((await subscriptions.put('crm', WEBHOOK)).secret, undefined)
  clock.ms += DAY_MS / 2
  t.same(await secretsOf(subscriptions), [third, second])
  const more = await Promise.all(Array.from({ length: 6 }, () => subscriptions.rotateSecret('crm')))
  const inForce = await secretsOf(subscriptions)
  t.equal(inForce.length, 5)
  t.ok(
    inForce.every((one) => more.includes(one)),
    'also when several rotate it at once',
  )
  const everything = await dump(store.commands)
  for (const secret of [first, second, third, ...more])
    t.notOk(everything.includes((secret ?? '').slice('whsec_'.length, -2)))

  t.equal(await subscriptions.rotateSecret('none'), undefined)
  await subscriptions.put('q', QUEUE)
  await t.rejects(subscriptions.rotateSecret('q'), { code: 'INVALID_REQUEST' })
  const refused = subscriptions.rotateSecret('crm', () => {
    throw new GatewayError('FORBIDDEN', 'no')
  })
  await t.rejects(refused, { code: 'FORBIDDEN' })
  t.same(await secretsOf(subscriptions), inForce)
})

void t.test('a webhook that becomes a queue and a webhook again has a new secret', async (t) => {
  const { subscriptions } = await startOne(t)
  const { secret } = await subscriptions.put('crm', WEBHOOK)
  await subscriptions.put('crm', QUEUE)
  t.same(await subscriptions.webhookSecrets('crm'), [])
  const again = await subscriptions.put('crm', WEBHOOK)
  t.equal(again.created, false)
  t.ok(again.secret)
  t.not(again.secret, secret)
})

void t.test('a change is known everywhere in 100 ms, at once with age 0, by one shared read', async (t) => {
  const store = await startStore(t)
  const [here, there] = [open(store), open(store)]
  t.same(await there.all(), [])
  for (const name of ['b', 'a']) await here.put(name, WEBHOOK)
  t.same(namesOf(await here.all()), ['a', 'b'], 'at once where it was changed')
  t.same(namesOf(await there.all(0)), ['a', 'b'])
  const elapsedMs = startStopwatch()
  await here.disable('a', AFTER)
  const isDisabled = async () => (await there.all()).find(({ name }) => name === 'a')?.enabled === false
  await until('the other process knows', isDisabled, { everyMs: 5 })
  t.ok(elapsedMs() < 250)

  const before = await there.all(0)
  t.equal(there.known(), before, 'what was read just now is not read again')
  await until('and then it is', () => there.known() === undefined, { everyMs: 5 })
  const reads = await Promise.all(Array.from({ length: 100 }, () => there.all(50)))
  t.same(new Set(reads).size, 1, 'the same array while nothing changes')
  t.equal(reads[0], before)
  await until('the copy is old', async () => {
    const calls = await callsOf(store, 'get')
    await Promise.all(Array.from({ length: 100 }, () => there.all(20)))
    return (await callsOf(store, 'get')) - calls === 1
  })
})

void t.test('a change costs other processes only what changed: the rest stay the same objects', async (t) => {
  const store = await startStore(t)
  const [here, there] = [open(store), open(store)]
  for (const name of ['a', 'b', 'c', 'd']) await here.put(name, WEBHOOK)
  const before = await there.all(0)
  const readsBefore = await callsOf(store, 'hgetall')
  await here.put('b', QUEUE)
  await here.put('e', WEBHOOK)
  await here.disable('c', AFTER)
  const after = await there.all(0)
  const shown = after.map(({ name, sink, enabled }) => `${name} ${sink.kind} ${enabled}`)
  t.same(shown, ['a webhook true', 'b queue true', 'c webhook false', 'd webhook true', 'e webhook true'])
  t.equal(after[0], before[0])
  t.equal(after[3], before[3])
  t.equal(await callsOf(store, 'hgetall'), readsBefore)
})

void t.test('another server of the same version is read whole; equal records stay the same objects', async (t) => {
  const [old, promoted] = [await startStore(t), await startStore(t)]
  const target = { port: old.server.port }
  const wire = await startTcpProxy(target)
  t.teardown(() => wire.close())
  const through = connectRedis(standaloneSettings(`redis://127.0.0.1:${wire.port}`), 'commands', () => undefined)
  t.teardown(() => through.disconnect())
  await until('it is connected', () => through.status === 'ready')
  await open(old).put('kept', WEBHOOK)
  await promoted.commands
    .multi()
    .restore(keys.subscriptions, 0, await dumped(old, keys.subscriptions))
    .incr(keys.subscriptionsVersion)
    .exec()
  await open(old).put('lost', WEBHOOK)
  await open(promoted).put('another', WEBHOOK)
  const reader = open({ ...old, commands: through })
  const before = await reader.all(0)
  t.same(namesOf(before), ['kept', 'lost'])
  target.port = promoted.server.port
  await old.server.kill()
  let after = before
  await until('the other server answers', async () => {
    after = await reader.all(0).catch(() => before)
    return after !== before
  })
  t.same(namesOf(after), ['another', 'kept'])
  t.equal(after[1], before[0])
})

async function dumped({ commands }: Store, key: string): Promise<Buffer> {
  const value = await commands.dumpBuffer(key)
  if (value === null) throw new Error(`${key} is not there`)
  return value
}

void t.test('after any changes by anyone a running reader equals a fresh one', async (t) => {
  const store = await startStore(t)
  const writers = [open(store), open(store)]
  const reader = open(store)
  const sameAsNew = async (what: string) => t.same(await reader.all(0), await open(store).all(0), what)
  for (let round = 0; round < 60; round += 1) {
    const name = `s${(round * 7) % 11}`
    const writer = writers[round % 2]
    if (round % 5 === 4)
      await store.commands.multi().hdel(keys.subscriptions, name).incr(keys.subscriptionsVersion).exec()
    else if (round % 5 === 3) await writer?.disable(name, AFTER)
    else await writer?.put(name, round % 2 === 0 ? WEBHOOK : QUEUE)
    if (round % 3 !== 1) await sameAsNew(`round ${round}`)
  }
  await writers[0]?.delete('s0')
  await sameAsNew('after a deletion')
  // More than are noted.
  await Promise.all(Array.from({ length: 1_050 }, (_, n) => reader.put(`many-${n}`, QUEUE)))
  await sameAsNew('after more changes than are noted')
  t.equal(await store.commands.zcard(keys.subscriptionChanges), 1_002)
  await writers[0]?.put('many-1', WEBHOOK)
  await sameAsNew('after one more')
  await store.commands.flushall()
  await sameAsNew('in an emptied store')
  await writers[0]?.put('first', WEBHOOK)
  await sameAsNew('in an emptied store that fills again')
})

void t.test('a list goes by name, page by page', async (t) => {
  const { subscriptions } = await startOne(t)
  for (const name of ['c', 'a', 'b']) await subscriptions.put(name, QUEUE)
  const first = await subscriptions.list({ limit: 2, cursor: undefined })
  t.same([namesOf(first.items), first.nextCursor], [['a', 'b'], 'b'])
  const second = await subscriptions.list({ limit: 2, cursor: 'b' })
  t.same([namesOf(second.items), second.nextCursor], [['c'], null])
})

void t.test('long matches make a page short, but never empty', async (t) => {
  const { subscriptions } = await startOne(t)
  const authorizers = Array.from({ length: 10_000 }, (_, n) => `wx${String(n).padStart(16, '0')}`)
  // A list may say things twice: they are kept once.
  const match = { authorizers: [...authorizers, ...authorizers], types: ['wechat.*', 'wechat.*'] }
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await subscriptions.put(name, { sink: { kind: 'queue' }, match })
  const first = await subscriptions.list({ limit: 100, cursor: undefined })
  t.same([first.items.length, first.nextCursor], [4, 'd'])
  t.same(first.items[0]?.match, { authorizers, types: ['wechat.*'] })
  const second = await subscriptions.list({ limit: 100, cursor: 'd' })
  t.same([namesOf(second.items), second.nextCursor], [['e', 'f'], null])
})

void t.test('what a caller is not shown takes no place on a page, and no cursor names it', async (t) => {
  const { subscriptions } = await startOne(t)
  const seen = ['b', 'd', 'f', 'h']
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) await subscriptions.put(name, QUEUE)
  const isShown = ({ name }: { name: string }) => seen.includes(name)
  const page = async (cursor?: string) => {
    const { items, nextCursor } = await subscriptions.list({ limit: 2, cursor, isShown })
    return [namesOf(items), nextCursor]
  }
  t.same(await page(), [['b', 'd'], 'd'])
  t.same(await page('d'), [['f', 'h'], null], 'nothing is said of what follows and is not shown')
  t.same((await subscriptions.list({ limit: 2, isShown: () => false })).nextCursor, null)
})

void t.test('parallel puts of one subscription all apply in turn, and one of them creates it', async (t) => {
  const store = await startStore(t)
  const processes = Array.from({ length: 10 }, () => open(store))
  const changes = await Promise.all(processes.map((subscriptions) => subscriptions.put('crm', WEBHOOK)))
  t.equal(changes.filter(({ created }) => created).length, 1)
  t.equal(changes.filter(({ secret }) => secret !== undefined).length, 1)
  t.equal(await store.commands.get(keys.subscriptionsVersion), '10')
})

void t.test("a caller's number of subscriptions is bounded over all processes; deletion frees one", async (t) => {
  const store = await startStore(t)
  const processes = Array.from({ length: 8 }, () => open(store))
  const [first] = processes
  if (!first) return t.fail('no process')
  const creator = { name: 'crm', maxSubscriptions: 3 }
  const races = await Promise.allSettled(
    processes.map((subscriptions, n) => subscriptions.put(`s${n}`, WEBHOOK, { creator })),
  )
  const refused = races.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  t.equal(refused.length, 5)
  for (const error of refused) t.match(error, { code: 'SUBSCRIPTION_LIMIT' })
  const kept = (await first.all(0)).map(({ name }) => name)
  t.equal(kept.length, 3)

  const [one = '', two = ''] = kept
  const found = (await first.put(one, { ...WEBHOOK, enabled: false }, { creator })).created
  t.equal(found, false, 'what is there can be changed')
  await first.put('of-nobody', WEBHOOK)
  await first.put('of-another', WEBHOOK, { creator: { name: 'erp', maxSubscriptions: 1 } })
  await first.put('of-another', WEBHOOK, { creator })
  await t.rejects(
    first.put('more', WEBHOOK, { creator: { name: 'erp', maxSubscriptions: 1 } }),
    { code: 'SUBSCRIPTION_LIMIT' },
    'who changes it does not take it over',
  )
  await first.delete(two)
  t.equal((await first.put('more', WEBHOOK, { creator })).created, true)
  await t.rejects(first.put('too-many', WEBHOOK, { creator }), { code: 'SUBSCRIPTION_LIMIT' })
  await t.rejects(first.put('none', WEBHOOK, { creator: { name: 'nobody', maxSubscriptions: 0 } }), {
    code: 'SUBSCRIPTION_LIMIT',
  })

  // As an earlier version leaves it, which knows nothing of creators.
  await store.commands.hdel(keys.subscriptions, one)
  t.equal((await first.put('in-its-place', WEBHOOK, { creator })).created, true)
  t.notOk(await store.commands.hexists(keys.subscriptionCreators, one))
})

void t.test('what a change is refused by sees the record that it would change', async (t) => {
  const store = await startStore(t)
  const [here, there] = [open(store), open(store)]
  const refuse = () => {
    throw new GatewayError('FORBIDDEN', 'not this one')
  }
  const seen: Array<string | undefined> = []
  await here.put('crm', WEBHOOK)
  // Replaced by another process after this one has looked.
  const racing = here.put('crm', QUEUE, { assertMayReplace: ({ sink }) => void seen.push(sink.kind) })
  await Promise.all([racing, there.put('crm', { sink: { kind: 'stream' } })])
  t.ok(seen.includes('webhook') || seen.includes('stream'))
  const before = await here.get('crm')
  await t.rejects(here.put('crm', WEBHOOK, { assertMayReplace: refuse }), { code: 'FORBIDDEN' })
  await t.rejects(here.delete('crm', { assertMayDelete: refuse }), { code: 'FORBIDDEN' })
  await t.rejects(here.delete('none', { assertMayDelete: refuse }), { code: 'FORBIDDEN' })
  t.same(await there.get('crm'), before)
  t.equal((await here.put('new', WEBHOOK, { assertMayReplace: refuse })).created, true, 'there is nothing to replace')
})

void t.test('a deleted subscription leaves nothing: no deliveries, no dead letters, no queue, no stream', async (t) => {
  const { store, subscriptions } = await startOne(t)
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  const writer = createSinkWriter({ queues: store.queues, redis: store.commands })
  t.equal(await subscriptions.delete('crm'), false)
  await subscriptions.put('crm', WEBHOOK)
  for (let n = 0; n < 1_200; n += 1)
    await deliveries.enqueueDelivery(deliveryJob(`ev_${n}`, { scheduleSeconds: [60] }), {
      delayMs: n % 2 === 0 ? 60_000 : 0,
    })
  await writer.addToConsumerQueue({
    queue: sinkQueue(PLATFORM, 'crm'),
    jobId: 'ev_1',
    name: 'n',
    data: makeEvent('ev_1'),
  })
  await writer.appendToStream({ stream: sinkStream(PLATFORM, 'crm'), fields: { id: '1' } })
  t.equal(await subscriptions.delete('crm'), true)
  const left = (await store.commands.keys('*')).filter((key) => !key.includes(':de:'))
  t.same(
    left.toSorted(),
    [keys.subscriptionChanges, keys.subscriptionsVersion],
    'but for de-duplication, which ends within a minute',
  )
  t.equal(await subscriptions.get('crm'), undefined)
  t.same(await subscriptions.all(), [])
  t.equal(await subscriptions.delete('crm'), false)

  t.equal((await subscriptions.put('crm', WEBHOOK)).created, true)
  await deliveries.enqueueDelivery(deliveryJob('ev_new'))
  t.equal(await store.queues.open(deliveriesQueue(PLATFORM, 'crm')).isPaused(), false)
})

void t.test('a deletion that died half-way is hidden at once and finished by whoever comes next', async (t) => {
  const { store, subscriptions } = await startOne(t)
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  await subscriptions.put('crm', WEBHOOK)
  await deliveries.enqueueDelivery(deliveryJob('ev_1'))
  const record: unknown = JSON.parse((await store.commands.hget(keys.subscriptions, 'crm')) ?? '')
  await store.commands.hset(keys.subscriptions, 'crm', JSON.stringify({ ...Object(record), deleting: true }))
  await store.commands.incr(keys.subscriptionsVersion)
  t.same([await subscriptions.get('crm'), await subscriptions.all(0)], [undefined, []])
  t.equal((await subscriptions.put('crm', WEBHOOK)).created, true)
  t.equal(await store.queues.open(deliveriesQueue(PLATFORM, 'crm')).count(), 0)
})

void t.test('disabling lets waiting retries run at once', async (t) => {
  const { store, subscriptions } = await startOne(t)
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  const queue = store.queues.open(deliveriesQueue(PLATFORM, 'crm'))
  await subscriptions.put('crm', WEBHOOK)
  await deliveries.enqueueDelivery(deliveryJob('ev_1'), { delayMs: 3_600_000 })
  await subscriptions.put('crm', { ...WEBHOOK, enabled: false })
  t.same([await queue.getDelayedCount(), await queue.getWaitingCount()], [0, 1])
  await deliveries.enqueueDelivery(deliveryJob('ev_2'), { delayMs: 3_600_000 })
  await subscriptions.disable('crm', AFTER)
  t.same([await queue.getDelayedCount(), await queue.getWaitingCount()], [0, 2])
  t.equal((await subscriptions.get('crm'))?.enabled, false)
  await subscriptions.disable('unknown', AFTER)

  await deliveries.enqueueDelivery(deliveryJob('ev_3'), { delayMs: 3_600_000 })
  await subscriptions.endPending('crm')
  t.equal(await queue.getDelayedCount(), 0, 'what began to wait afterwards is called in, too')
  await subscriptions.put('crm', WEBHOOK)
  await deliveries.enqueueDelivery(deliveryJob('ev_4'), { delayMs: 3_600_000 })
  await subscriptions.endPending('crm')
  t.equal(await queue.getDelayedCount(), 1, 'of an enabled one nothing is')
  await subscriptions.endPending('unknown')
})

void t.test('with the store away everything rejects with STORE_UNAVAILABLE', async (t) => {
  const { store, subscriptions } = await startOne(t)
  await store.server.kill()
  await t.rejects(subscriptions.all(), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(subscriptions.put('crm', WEBHOOK), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(subscriptions.list({ limit: 1, cursor: undefined }), { code: 'STORE_UNAVAILABLE' })
  await store.server.start()
  await until('it is back', async () => (await subscriptions.all(0).catch(() => undefined)) !== undefined)
})

void t.test('that a subscription was disabled is to be announced as soon as it is, once', async (t) => {
  const { store, subscriptions } = await startOne(t)
  const { toAnnounce, announced } = createAnnouncements({ redis: store.commands, keys })
  await subscriptions.put('crm', WEBHOOK)
  t.equal(await subscriptions.disable('crm', AFTER), true)
  t.equal(await subscriptions.disable('crm', AFTER), false)
  const [first, ...others] = await toAnnounce()
  t.match(first, { id: /^gw_/, about: { kind: 'disabled', subscription: 'crm', ...AFTER } })
  t.same(others, [])
  await announced(first?.id ?? '')
  t.same(await toAnnounce(), [])
})
