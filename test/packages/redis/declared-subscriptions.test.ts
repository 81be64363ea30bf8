// Owns: what a file of declared subscriptions does to those that are stored, at a start and later.
import type { Declaration, Subscriptions } from '@wxgw/redis'
import { createSubscriptions } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { keys, PLATFORM, sealer, shards, startStore, type Store } from './queues-fixture.ts'

/** Why one is disabled. */
const AFTER = { failures: 1, sinceMs: 0, lastError: 'HTTP 410' }

const SECRET = `whsec_${Buffer.alloc(32, 'S').toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 'T').toString('base64')}`
const crm: Declaration = {
  name: 'crm',
  input: { sink: { kind: 'webhook', url: 'https://crm.example/' } },
  secret: SECRET,
}
const audit: Declaration = { name: 'audit', input: { sink: { kind: 'queue' } }, secret: undefined }
const DECLARED = { code: 'SUBSCRIPTION_DECLARED' }

function open({ queues, commands }: Store) {
  return createSubscriptions({
    ...{ platform: PLATFORM, platforms: [PLATFORM], redis: commands, keys, sealer, queues },
    shards,
    checkWebhookUrl: () => undefined,
  })
}

const secretsOf = async (subscriptions: Subscriptions) =>
  (await subscriptions.webhookSecrets('crm')).map((secret) => secret.reveal())
const none = { created: [], changed: [], disabled: [], different: [], refused: [] }

void t.test('what is declared is created, and the same file changes and writes nothing', async (t) => {
  const store = await startStore(t)
  const subscriptions = open(store)
  t.same(await subscriptions.declare([crm, audit], { isStart: true }), { ...none, created: ['crm', 'audit'] })
  t.same(await secretsOf(subscriptions), [SECRET])
  const before = await store.commands.get(keys.subscriptionsVersion)
  t.same(await subscriptions.declare([crm, audit], { isStart: true }), none)
  t.same(await subscriptions.declare([crm, audit], { isStart: false }), none)
  t.equal(await store.commands.get(keys.subscriptionsVersion), before)
})

void t.test('another declaration is applied at a start, and only reported later', async (t) => {
  const subscriptions = open(await startStore(t))
  await subscriptions.declare([crm], { isStart: true })
  const moved = { ...crm, input: { ...crm.input, sink: { kind: 'webhook' as const, url: 'https://other.example/' } } }
  t.same(await subscriptions.declare([moved], { isStart: false }), { ...none, different: ['crm'] })
  t.match(await subscriptions.get('crm'), { sink: { url: 'https://crm.example/' } })
  t.same(await subscriptions.declare([moved], { isStart: true }), { ...none, changed: ['crm'] })
  t.match(await subscriptions.get('crm'), { sink: { url: 'https://other.example/' } })
})

void t.test('another secret in the same declaration is taken, and the old one signs for a day', async (t) => {
  const subscriptions = open(await startStore(t))
  await subscriptions.declare([crm], { isStart: true })
  await subscriptions.declare([{ ...crm, secret: OTHER_SECRET }], { isStart: true })
  t.same(await secretsOf(subscriptions), [OTHER_SECRET, SECRET])
})

void t.test('what left the file is disabled, and comes back with it', async (t) => {
  const subscriptions = open(await startStore(t))
  await subscriptions.declare([crm, audit], { isStart: true })
  t.same(await subscriptions.declare([crm], { isStart: false }), { ...none, different: ['audit'] })
  t.same(await subscriptions.declare([crm], { isStart: true }), { ...none, disabled: ['audit'] })
  t.match(await subscriptions.get('audit'), { enabled: false })
  t.same(await subscriptions.declare([crm, audit], { isStart: true }), { ...none, changed: ['audit'] })
  t.match(await subscriptions.get('audit'), { enabled: true })
})

void t.test('the API changes only enabled and paused of a declared one, and that survives restarts', async (t) => {
  const subscriptions = open(await startStore(t))
  await subscriptions.declare([crm], { isStart: true })
  await t.rejects(subscriptions.put('crm', { sink: { kind: 'queue' } }), DECLARED)
  await t.rejects(subscriptions.delete('crm'), DECLARED)
  await t.rejects(subscriptions.rotateSecret('crm'), DECLARED)
  const refuse = () => {
    throw new GatewayError('FORBIDDEN', 'not within the grant')
  }
  await t.rejects(
    subscriptions.put('crm', crm.input, { assertMayReplace: refuse }),
    { code: 'FORBIDDEN' },
    'rights come first',
  )
  await t.rejects(subscriptions.delete('crm', { assertMayDelete: refuse }), { code: 'FORBIDDEN' })
  await t.rejects(subscriptions.rotateSecret('crm', refuse), { code: 'FORBIDDEN' })
  t.match(await subscriptions.patch('crm', { enabled: false }), { enabled: false })
  const moved = { ...crm, input: { ...crm.input, match: { types: ['wechat.message.*'] } } }
  await subscriptions.declare([moved], { isStart: true })
  t.match(await subscriptions.get('crm'), { enabled: false, paused: false, match: { types: ['wechat.message.*'] } })
  t.match(await subscriptions.patch('crm', { enabled: true }), { enabled: true, paused: false })
  t.match(await subscriptions.patch('crm', { paused: true }), { enabled: true, paused: true })
  await subscriptions.declare([crm], { isStart: true })
  t.match(await subscriptions.get('crm'), { enabled: true, paused: true, match: crm.input.match ?? {} })
  await subscriptions.declare([{ ...crm, secret: OTHER_SECRET }], { isStart: true })
  t.match(await subscriptions.get('crm'), { enabled: true, paused: true }, 'another secret changes no switch')
  t.match(await subscriptions.patch('crm', { paused: false }), { enabled: true, paused: false })
})

void t.test('a webhook that said 410 stays disabled until its declaration changes', async (t) => {
  const subscriptions = open(await startStore(t))
  await subscriptions.declare([crm], { isStart: true })
  for (const enabled of [false, true]) await subscriptions.patch('crm', { enabled })
  await subscriptions.disable('crm', AFTER)
  await subscriptions.declare([crm], { isStart: true })
  t.match(await subscriptions.get('crm'), { enabled: false })
  await subscriptions.declare([{ ...crm, input: { ...crm.input, retry: { scheduleSeconds: [1] } } }], { isStart: true })
  t.match(await subscriptions.get('crm'), { enabled: true })
})

void t.test('what the API changes while a process starts is not lost', async (t) => {
  const store = await startStore(t)
  const [starting, api] = [open(store), open(store)]
  const many = Array.from({ length: 200 }, (_, n) => ({ ...audit, name: `s${n}` }))
  await starting.declare(many, { isStart: true })
  const declaring = starting.declare(
    many.map((one) => ({ ...one, input: { ...one.input, retry: { scheduleSeconds: [9] } } })),
    { isStart: true },
  )
  await api.patch('s199', { enabled: false })
  await declaring
  t.match(await api.get('s199'), { enabled: false })
})

void t.test('one that cannot be stored keeps none of the others back', async (t) => {
  const subscriptions = open(await startStore(t))
  const wrong: Declaration = { name: 'wrong', input: { sink: { kind: 'queue', prefix: 'mine' } }, secret: undefined }
  t.same(await subscriptions.declare([wrong, audit], { isStart: true }), {
    ...none,
    created: ['audit'],
    refused: ['wrong'],
  })
})

void t.test('one that a caller created counts for nobody once it is declared', async (t) => {
  const subscriptions = open(await startStore(t))
  const creator = { name: 'ops', maxSubscriptions: 1 }
  await subscriptions.put('audit', audit.input, { creator })
  await subscriptions.declare([audit], { isStart: true })
  await subscriptions.put('another', { sink: { kind: 'queue' } }, { creator })
  await t.rejects(subscriptions.put('third', { sink: { kind: 'queue' } }, { creator }), { code: 'SUBSCRIPTION_LIMIT' })
})

void t.test('what left the file belongs to the API again', async (t) => {
  const subscriptions = open(await startStore(t))
  await subscriptions.declare([audit], { isStart: true })
  await subscriptions.declare([], { isStart: true })
  t.match(await subscriptions.put('audit', { sink: { kind: 'queue' } }), { subscription: { enabled: true } })
  t.same(await subscriptions.declare([], { isStart: true }), none, 'and is no declared one any more')
  t.equal(await subscriptions.delete('audit'), true)
})

void t.test('an emptied Redis has them again, without a start', async (t) => {
  const store = await startStore(t)
  const subscriptions = open(store)
  await subscriptions.declare([crm, audit], { isStart: true })
  await store.commands.flushall()
  t.same(await subscriptions.declare([crm, audit], { isStart: false }), { ...none, created: ['crm', 'audit'] })
})
