// What is held when a process dies: a delivery in the hands of a killed worker, dead letters over a crash of Redis.
import t from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000f1'

void t.test('a crash', { timeout: 90_000 }, async (story) => {
  const gateway = await startGateway()
  story.teardown(() => gateway.stop())
  const { simulator, call } = gateway
  simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })

  await story.test('of a worker in the middle of a delivery: another one delivers it within 20 s, under the same id', async (t) => {
    const hook = await startHook(t, () => undefined)
    const match = { types: ['wechat.message.*'] }
    await call('PUT', '/subscriptions/hook', { match, sink: { kind: 'webhook', url: hook.url, timeoutMs: 30_000 } })
    await simulator.sendText(APP, { openId: 'oUSER', content: 'in the middle' })
    const first = await until('the attempt is under way', () => hook.received[0])
    hook.answer = () => ({ status: 200 })
    await gateway.startWorker()
    const killedAt = Date.now()
    await gateway.workers[0]?.process.end('SIGKILL')
    await until('it is delivered', () => hook.received.length === 2, { timeoutMs: 20_000 })
    t.comment(`after ${Date.now() - killedAt} ms`)
    t.equal(hook.received[1]?.event.id, first.event.id)
    await until('the log says so', async () => {
      return (await call('GET', `/events/${first.event.id}`)).body.deliveries?.every(({ status, attempts }) => status === 'delivered' && attempts === 1)
    })
    await call('DELETE', '/subscriptions/hook')
  })

  await story.test('of Redis and of the worker: dead letters are still there, and a replay delivers them', async (t) => {
    const hook = await startHook(t, () => ({ status: 500 }))
    const match = { types: ['wechat.message.*'] }
    await call('PUT', '/subscriptions/hook', { match, sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [] } })
    await simulator.sendText(APP, { openId: 'oUSER', content: 'dead' })
    const dead = await until('it is dead', async () => (await call('GET', '/subscriptions/hook/dead-letters')).body.items?.[0])
    // The server writes its file every second.
    await until('Redis has written it down', async () => Date.now() - (hook.received[0]?.atMs ?? Infinity) > 1_500)
    await Promise.all([gateway.redis.kill(), gateway.workers[1]?.process.end('SIGKILL')])
    await gateway.redis.start()
    await gateway.startWorker()
    const after = await until('the ingress is back', async () => {
      const answer = await call('GET', '/subscriptions/hook/dead-letters')
      return answer.status === 200 ? answer.body.items : undefined
    })
    t.match(after, [{ id: dead.id, eventId: dead.eventId, lastError: 'HTTP 500' }])
    hook.answer = () => ({ status: 200 })
    t.equal((await call('POST', '/subscriptions/hook/dead-letters/replay')).body.replayed, 1)
    await until('it arrives', () => hook.of(String(dead.eventId)) === 2)
    t.same((await call('GET', '/subscriptions/hook/dead-letters')).body.items, [])
  })
})
