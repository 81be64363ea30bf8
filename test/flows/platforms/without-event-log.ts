// Owns: a platform without an event log, beside others that have one: nothing of its messages is kept, its deliveries and replies go on.
import { textOf } from '@wxgw/simulator'
import type { Test } from 'tap'
import { startHook } from '../../helpers/consumers.ts'
import { nameOf, nowSeconds } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'
import type { Stage } from './stage.ts'

const APP = 'wx00000000000000ab'

export async function withoutEventLog(t: Test, { gateway, redis, simulators }: Stage): Promise<void> {
  const simulator = simulators.quiet
  const call = gateway.callOn('quiet')
  const { put, deadLetters } = subscriptionsOf({ call })
  simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  simulator.configure({ attempts: 1 })

  const hook = await startHook(t, ({ data }) => ({
    status: 200,
    body: { reply: { MsgType: 'text', Content: `${data['Content']}!` } },
  }))
  const match = { types: ['wechat.message.*'] }
  const sink = { kind: 'webhook', url: hook.url }
  await put('hook', { match, sink, reply: true, retry: { scheduleSeconds: [] } })
  const pushed = await simulator.sendText(APP, { openId: 'oUSER', content: 'secret words' })
  t.equal(pushed.reply && textOf(pushed.reply.fields, 'Content'), 'secret words!')
  const id = String(hook.received[0]?.event.id)
  t.equal(hook.of(id), 1)

  for (const [method, path] of [
    ['GET', '/events'],
    ['GET', `/events/${id}`],
    ['GET', `/events/${id}/attempts`],
    ['POST', `/events/${id}/replay`],
  ] as const) {
    t.match(await call(method, path), { status: 409, body: { code: 'EVENT_LOG_OFF' } }, path)
  }
  t.equal((await call('POST', `/replies/${id}`, { reply: { MsgType: 'text', Content: 'x' } })).status, 409)
  t.same(await redis.keys('wx:{quiet}:event*'), [])

  hook.answer = () => ({ status: 500 })
  await simulator.sendText(APP, { openId: 'oUSER', content: 'dead' })
  const dead = await until('dead letters are kept', async () => (await deadLetters('hook')).items?.[0])
  t.equal(dead.event?.data['Content'], 'dead')
  hook.answer = () => ({ status: 200 })
  t.equal((await call('POST', '/subscriptions/hook/dead-letters/replay')).body.replayed, 1)
  await until('it arrives', () => hook.of(String(dead.eventId)) === 2)
  const late = await call('POST', `/replies/${dead.eventId}`, { reply: { MsgType: 'text', Content: 'x' } })
  t.match(late, { status: 410, body: { code: 'REPLY_TOO_LATE' } })

  await put('hook', { match, sink, reply: true, enabled: false })
  const plain = await startHook(t)
  await put('plain', { match, sink: { kind: 'webhook', url: plain.url } })
  const xml = (msgId: string) =>
    `<xml><ToUserName>${nameOf(APP)}</ToUserName><FromUserName>oUSER</FromUserName><CreateTime>${nowSeconds()}</CreateTime>` +
    `<MsgType>text</MsgType><Content>x</Content><MsgId>${msgId}</MsgId></xml>`
  const again = { xml: xml('1'), appId: APP, attempts: 1 }
  for (let time = 0; time < 3; time += 1)
    await Promise.all([simulator.push('authorizer', again), simulator.push('authorizer', again)])
  await simulator.push('authorizer', { ...again, xml: xml('2') })
  await until('the last one is there', () => plain.received.some(({ event }) => event.data['MsgId'] === '2'))
  t.same(
    plain.received.map(({ event }) => event.data['MsgId']),
    ['1', '2'],
    'what is pushed again is one event here, too',
  )

  gateway.simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  await gateway.simulator.sendText(APP, { openId: 'oUSER', content: 'logged' })
  const logged = async () => (await gateway.call('GET', `/events?authorizer=${APP}`)).body.items ?? []
  await until('another platform has its log', async () => (await logged()).length === 1)
}
