// A worker's orderly end while a consumer keeps it waiting.
import t from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000f2'

void t.test('a worker that is told to end exits with 0 although a quick webhook hangs now, and another one delivers', { timeout: 60_000 }, async (t) => {
  const gateway = await startGateway()
  t.teardown(() => gateway.stop())
  const { simulator, call } = gateway
  simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
  const hook = await startHook(t, () => ({ status: 200 }))
  const match = { types: ['wechat.message.*'] }
  await call('PUT', '/subscriptions/hook', { match, sink: { kind: 'webhook', url: hook.url, timeoutMs: 30_000 } })
  for (const [index, content] of ['by the queue', 'called at once'].entries()) {
    await simulator.sendText(APP, { openId: 'oUSER', content })
    await until('it arrives', () => hook.received.length > index)
  }
  hook.answer = () => undefined
  const { length } = hook.received
  await simulator.sendText(APP, { openId: 'oUSER', content: 'hangs' })
  const hanging = await until('the call is under way', () => hook.received[length])
  t.equal(await gateway.workers.at(-1)?.process.end('SIGTERM'), 0)
  hook.answer = () => ({ status: 200 })
  await gateway.startWorker()
  await until('it is delivered', async () => {
    return (await call('GET', `/events/${hanging.event.id}`)).body.deliveries?.every(({ status, attempts }) => status === 'delivered' && attempts === 1)
  })
})
