// Replays of a subscription, over several shards: what they deliver, how fast, to whom, and what a killed worker, a
// pause and the rights of a caller do.
import { platformKeys, shardKeys } from '@wxgw/redis'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { type Answer, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APPS = ['wx00000000000000c1', 'wx00000000000000c2', 'wx00000000000000c3']
const OTHER = 'wx00000000000000c9'
const SHARDS = 3
const match = { types: ['wechat.message.*'], authorizers: APPS }

void t.test('replays', async (story) => {
  const gateway = await startGateway({ env: { MESSAGE_SHARDS: String(SHARDS) }, workers: 2 })
  story.teardown(() => gateway.stop())
  const { simulator, call } = gateway
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())
  for (const appId of [...APPS, OTHER]) simulator.addAccount({ appId, userName: `gh_${appId.slice(2)}` })
  const begun = Date.now() - 1_000
  const range = () => ({ from: new Date(begun).toISOString(), to: new Date(Date.now() + 1_000).toISOString() })
  const begin = (name: string, body: object = {}) =>
    call('POST', `/subscriptions/${name}/replays`, { ...range(), ...body })
  const replayOf = async (name: string, id: unknown) =>
    (await call('GET', `/subscriptions/${name}/replays/${String(id)}`)).body
  const ended = (name: string, id: unknown) =>
    until(`${String(id)} has ended`, async () => {
      const replay = await replayOf(name, id)
      return replay.status === 'completed' ? replay : undefined
    })
  const deadOf = async (name: string) =>
    (await call('GET', `/subscriptions/${name}/dead-letters?limit=500`)).body.items ?? []
  const pushAll = async (count: number) => {
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        simulator.sendText(String(APPS[n % 3]), { openId: `oUSER${n % 2}`, content: `${n}` }),
      ),
    )
  }
  /** A consumer that was down for `count` events, of which each is dead. */
  async function failingHook(t: Test, name: string, count: number) {
    const hook = await startHook(t, () => ({ status: 500 }))
    await call('PUT', `/subscriptions/${name}`, {
      match,
      sink: { kind: 'webhook', url: hook.url },
      retry: { scheduleSeconds: [] },
    })
    t.teardown(() => call('DELETE', `/subscriptions/${name}`))
    await pushAll(count)
    await until('all are dead', async () => (await deadOf(name)).length === count)
    const ids = new Set(hook.received.splice(0).map(({ event }) => event.id))
    return { hook, ids }
  }

  await story.test(
    'what was dead is delivered once each, marked, under its id, and leaves the dead letters',
    async (t) => {
      const { hook, ids } = await failingHook(t, 'crm', 12)
      const witness = await startHook(t)
      await call('PUT', '/subscriptions/witness', { match, sink: { kind: 'webhook', url: witness.url } })
      t.teardown(() => call('DELETE', '/subscriptions/witness'))
      hook.answer = ({ data }) => ({ status: data['Content'] === '7' ? 500 : 204 })
      const { status, body } = await begin('crm')
      t.match([status, body], [202, { replayId: /^r[0-9a-f]{24}$/, matched: 12 }])
      const { replayId } = body
      t.match(await ended('crm', replayId), {
        status: 'completed',
        matched: 12,
        delivered: 11,
        failed: 1,
        onlyUndelivered: true,
        ratePerSecond: 50,
      })
      t.same(new Set(hook.received.map(({ event }) => event.id)), ids)
      t.equal(hook.received.length, 12)
      for (const { event, headers } of hook.received) {
        t.match([event.replay, headers['webhook-replay'], headers['webhook-id']], [replayId, replayId, event.id])
      }
      t.match(await deadOf('crm'), [{ event: { data: { Content: '7' } }, attempts: 1 }])
      t.equal(witness.received.length, 0, 'nobody else gets any of it')
      const [left] = await deadOf('crm')
      const states = async (query: string) =>
        ((await call('GET', `/events?subscription=crm&status=${query}`)).body.items ?? []).map(({ id }) => id)
      t.same([(await states('delivered')).length, await states('dead')], [11, [left?.eventId]])
      hook.answer = () => ({ status: 204 })
      t.match((await begin('crm', { subject: 'oUSER0' })).body, { matched: 0 })
      const again = (
        await begin('crm', { subject: 'oUSER1', types: ['wechat.message.TEXT'], authorizers: [APPS[1], OTHER] })
      ).body
      t.equal(again.matched, 1)
      t.match(await ended('crm', again.replayId), { delivered: 1, failed: 0 })
      t.same(await deadOf('crm'), [])
      const all = (await begin('crm', { onlyUndelivered: false, authorizers: [APPS[0]] })).body
      t.match(await ended('crm', all.replayId), { matched: 4, delivered: 4 })
      t.match((await call('GET', '/subscriptions/crm/replays?limit=2')).body, {
        items: [{ replayId: all.replayId }, { replayId: again.replayId }],
        nextCursor: String,
      })
      t.equal((await call('POST', `/subscriptions/crm/replays/${all.replayId}/pause`)).status, 409)
      t.equal((await call('POST', '/subscriptions/crm/replays/r00/cancel')).status, 404)
    },
  )

  await story.test(
    'a new subscription gets what came before it, into a queue and a stream, once while the consumer keeps it',
    async (t) => {
      const since = Date.now()
      await pushAll(6)
      await simulator.sendText(OTHER, { openId: 'oUSER', content: 'of another account' })
      await until(
        'all are in the log',
        async () => (await call('GET', `/events?from=${new Date(since).toISOString()}`)).body.items?.length === 7,
      )
      const from = new Date(since).toISOString()
      for (const kind of ['queue', 'stream']) {
        const { sink } = (await call('PUT', `/subscriptions/${kind}`, { match, sink: { kind } })).body
        t.teardown(() => call('DELETE', `/subscriptions/${kind}`))
        const { replayId, matched } = (await begin(kind, { from })).body
        t.equal(matched, 6)
        t.match(await ended(kind, replayId), { delivered: 6, failed: 0 })
        const jobs = kind === 'queue' ? await redis.lrange(`bull:${sink?.queue}:wait`, 0, -1) : []
        const events: Answer[] =
          kind === 'queue'
            ? (await Promise.all(jobs.map((id) => redis.hget(`bull:${sink?.queue}:${id}`, 'data')))).map((data) =>
                JSON.parse(String(data)),
              )
            : (await redis.xrange(String(sink?.stream), '-', '+')).map(([, fields]) => JSON.parse(String(fields[5])))
        t.equal(new Set(events.map(({ id }) => id)).size, 6)
        t.equal(events.length, 6)
        t.ok(events.every((event) => 'replay' in event && event.replay === replayId))
        t.equal((await begin(kind, { from })).body.matched, 0)
      }
    },
  )

  await story.test('dead letters are delivered that the log no longer knows', async (t) => {
    const { hook, ids } = await failingHook(t, 'old', 6)
    for (let index = 0; index < SHARDS; index += 1) {
      const keys = shardKeys('open1', index)
      for (const id of ids)
        await redis.multi().unlink(keys.event(id)).zrem(keys.events, id).zrem(keys.undelivered('old'), id).exec()
      for (const appId of APPS) await redis.zrem(keys.eventsOfAuthorizer(appId), ...ids)
    }
    hook.answer = () => ({ status: 204 })
    t.equal(
      (await begin('old', { to: new Date(begun).toISOString(), from: new Date(begun - 1_000).toISOString() })).body
        .matched,
      0,
    )
    const { replayId, matched } = (await begin('old')).body
    t.ok(Number(matched) >= 6)
    await ended('old', replayId)
    t.ok([...ids].every((id) => hook.of(id) === 1))
    t.same(await deadOf('old'), [])
  })

  await story.test(
    'a worker that is killed in the middle leaves no gap; it is paused, resumed, and keeps its rate',
    async (t) => {
      const { hook, ids } = await failingHook(t, 'crash', 60)
      let running = 0
      let most = 0
      hook.answer = async () => {
        most = Math.max(most, (running += 1))
        await new Promise((resolve) => setTimeout(resolve, 20))
        running -= 1
        return { status: 204 }
      }
      const { replayId } = (
        await begin('crash', { from: new Date(Date.now() - 60_000).toISOString(), ratePerSecond: 20 })
      ).body
      const isDelivered = () => [...ids].filter((id) => hook.of(id) > 0).length
      await until('some are delivered', () => isDelivered() > 5)
      t.equal((await begin('crash')).body.code, 'REPLAY_LIMIT')

      t.match((await call('POST', `/subscriptions/crash/replays/${replayId}/pause`)).body, { status: 'paused' })
      const settled = await until('what was under way has ended', async () => {
        const { delivered = 0, failed = 0 } = await replayOf('crash', replayId)
        return delivered + failed === hook.received.length ? hook.received.length : undefined
      })
      await simulator.sendText(String(APPS[0]), { openId: 'oUSER', content: 'live' })
      await until('live events go on', () => hook.received.length === settled + 1)
      t.equal(hook.received.at(-1)?.event.replay, undefined)
      t.equal(Number((await replayOf('crash', replayId)).delivered), settled)
      await call('POST', `/subscriptions/crash/replays/${replayId}/resume`)
      await until('it goes on', () => isDelivered() > settled)

      await call('PATCH', '/subscriptions/crash', { paused: true })
      t.equal((await replayOf('crash', replayId)).status, 'paused')
      await call('PATCH', '/subscriptions/crash', { paused: false })
      for (const worker of gateway.workers.splice(0, 2)) await worker.process.end('SIGKILL')
      await gateway.startWorker()
      const { matched, delivered, failed } = await ended('crash', replayId)
      t.same([delivered, failed], [matched, 0])
      t.equal(isDelivered(), 60, 'each is delivered')
      t.ok(hook.received.length <= Number(matched) + 1 + 2 * 20, 'and at most those under way twice')
      t.same(await deadOf('crash'), [])
      t.ok(most <= 21)
    },
  )

  await story.test(
    'what waits for its next attempt is delivered now, and not tried again; a deleted subscription leaves nothing',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 500 }))
      const retry = { scheduleSeconds: [3_600] }
      await call('PUT', '/subscriptions/late', {
        match,
        sink: { kind: 'webhook', url: hook.url },
        throttle: { perSecond: 100 },
        retry,
      })
      const from = new Date().toISOString()
      await pushAll(4)
      const waiting = async () => (await call('GET', '/events?subscription=late&status=retrying')).body.items?.length
      await until('all wait for their retry', async () => (await waiting()) === 4)
      const failing = (await begin('late', { from })).body
      t.match(await ended('late', failing.replayId), { matched: 4, delivered: 0, failed: 4 })
      t.same([await waiting(), await deadOf('late')], [4, []], 'what fails keeps its schedule')
      await redis.zadd(platformKeys('open1').replaysOpen, Date.now(), 'late r0lost')
      await until(
        'one that a failover lost holds no place',
        async () => (await redis.zcard(platformKeys('open1').replaysOpen)) === 0,
      )
      await call('PATCH', '/subscriptions/late', { paused: true })
      await pushAll(2)
      const held = async () => (await call('GET', '/events?subscription=late&status=paused')).body.items?.length
      await until('two more wait behind a pause', async () => (await held()) === 6)
      const [lost = ''] = await redis.lrange('bull:{wx-deliveries.open1.late}:wait', 0, 0)
      await redis
        .multi()
        .lrem('bull:{wx-deliveries.open1.late}:wait', 1, lost)
        .unlink(`bull:{wx-deliveries.open1.late}:${lost}`)
        .exec()
      hook.answer = () => ({ status: 204 })
      const { replayId, matched } = (await begin('late', { from })).body
      t.equal(matched, 5, 'what its queue holds is left to that, what nothing works on is not')
      t.equal((await replayOf('late', replayId)).status, 'paused')
      await call('PATCH', '/subscriptions/late', { paused: false })
      t.match(await ended('late', replayId), { delivered: 5 })
      await until(
        'the other one is delivered by its queue',
        () => new Set(hook.received.map(({ event }) => event.id)).size === 6,
      )
      t.equal(await waiting(), 0)
      t.equal(await redis.zcard('bull:{wx-deliveries.open1.late}:delayed'), 0)
      await begin('late', { from, onlyUndelivered: false, ratePerSecond: 1 })
      t.equal((await call('DELETE', '/subscriptions/late')).status, 204)
      await until('nothing is left', async () =>
        (await redis.keys('*:replay*:*')).every((key) => !key.includes(String(replayId)) && !key.endsWith(':late')),
      )
      t.equal(await redis.zcard(platformKeys('open1').replaysOpen), 0)
    },
  )

  await story.test('a cancelled replay begins nothing more, and another one takes up what is left', async (t) => {
    const { hook } = await failingHook(t, 'cut', 10)
    hook.answer = () => ({ status: 204 })
    const { replayId } = (await begin('cut', { ratePerSecond: 1 })).body
    await until('it has begun', () => hook.received.length > 0)
    t.match((await call('POST', `/subscriptions/cut/replays/${replayId}/cancel`)).body, {
      status: 'cancelled',
      endedAt: String,
    })
    t.equal((await call('POST', `/subscriptions/cut/replays/${replayId}/resume`)).body.code, 'REPLAY_ENDED')
    const second = (await begin('cut', { ratePerSecond: 1_000 })).body
    t.ok(Number(second.matched) >= 8)
    await ended('cut', second.replayId)
    t.same(await deadOf('cut'), [])
  })
})
