// What is held when a process ends: deliveries in the hands of a worker that is killed, and of one that is told to end; dead
// letters over a crash of Redis.
import type { Test } from 'tap'
import { type Hook, startHook } from '../../helpers/consumers.ts'
import type { Gateway } from '../../helpers/gateway.ts'
import { scrape, sumOf } from '../../helpers/prometheus.ts'
import { nameOf } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'

const APP = 'wx00000000000000f1'
const match = { types: ['wechat.message.*'] }
const TEXT = { openId: 'oUSER' }

export async function endedWorkers(story: Test, gateway: Gateway): Promise<void> {
  const { simulator, call } = gateway
  const { put, remove, stats, deadLetters } = subscriptionsOf(gateway)
  simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  const deliveriesOf = async (id: string) => (await call('GET', `/events/${id}`)).body.deliveries

  await story.test(
    "a worker told to end exits with 0 although a webhook hangs; a killed one's deliveries go to another",
    async (t) => {
      const [first, ...others] = gateway.workers
      const { series } = await scrape(gateway.workers.map(({ url }) => url))
      const before = sumOf(series, 'wxgw_statistics_total', { what: 'delivered' })
      for (const { process } of others) await process.end('SIGTERM')
      const hook = await quickHook(t, gateway)
      hook.answer = () => undefined
      const { length } = hook.received
      await simulator.sendText(APP, { ...TEXT, content: 'hangs' })
      const hanging = await until('the call is under way', () => hook.received[length])
      // It waits in the queue; on a busy machine the webhook may not have been quick enough, and then it came from there.
      await until('its job has left the call', async () => {
        const { waiting, inFlight } = await stats('hook')
        return Number(waiting) + Number(inFlight) === 1
      })
      // At once: the call has to outlast the 25 s that a process has to end, and itself has 30.
      const ending = first?.process.end('SIGTERM')
      const second = await gateway.startWorker()

      // The first takes nothing any more: this one is the second's.
      await until('the first says so', () => first?.process.logLines().some(({ msg }) => msg === 'process.stopping'))
      await simulator.sendText(APP, { ...TEXT, content: 'in the middle' })
      const held = await until('another call is under way', () => hook.received[length + 1])
      hook.answer = () => ({ status: 200 })
      await gateway.startWorker()
      await second.process.end('SIGKILL')
      await until('a killed worker’s is delivered by another within 20 s', () => hook.of(held.event.id) === 2, {
        timeoutMs: 20_000,
      })

      t.equal(await ending, 0)
      const { items: minutes = [] } = (await call('GET', '/statistics')).body
      const handedOver = minutes.reduce((sum, { delivered = 0 }) => sum + delivered, 0)
      t.ok(handedOver >= before + 2, 'what they counted is handed over at their end')
      for (const { event } of [hanging, held]) {
        await until(`${event.data['Content']}: the log says that it is delivered, at one attempt`, async () => {
          return (await deliveriesOf(event.id))?.every(
            ({ status, attempts }) => status === 'delivered' && attempts === 1,
          )
        })
      }
      await remove('hook')
    },
  )

  await story.test('dead letters outlive a crash of Redis and of the worker, and a replay delivers them', async (t) => {
    const hook = await startHook(t, () => ({ status: 500 }))
    await put('hook', {
      match,
      sink: { kind: 'webhook', url: hook.url },
      retry: { scheduleSeconds: [] },
    })
    await simulator.sendText(APP, { ...TEXT, content: 'dead' })
    const dead = await until('it is dead', async () => (await deadLetters('hook')).items?.[0])
    // The server writes its file every second.
    await until('Redis has written it down', async () => Date.now() - (hook.received[0]?.atMs ?? Infinity) > 1_500)
    await Promise.all([gateway.redis.kill(), gateway.workers.at(-1)?.process.end('SIGKILL')])
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
    t.same((await deadLetters('hook')).items, [])
    await remove('hook')
  })
}

/** One that the workers have come to call at once, in the fan-out itself, unless the machine is busy. */
async function quickHook(t: Test, gateway: Gateway): Promise<Hook> {
  const hook = await startHook(t, () => ({ status: 200 }))
  await subscriptionsOf(gateway).put('hook', { match, sink: { kind: 'webhook', url: hook.url, timeoutMs: 30_000 } })
  for (const [index, content] of ['by the queue', 'called at once'].entries()) {
    await gateway.simulator.sendText(APP, { ...TEXT, content })
    await until('it arrives', () => hook.received.length > index)
  }
  return hook
}
