// A platform without an event log, beside one that has one: nothing of its messages is kept, its deliveries and replies go on.
import { startSimulator, textOf } from '@wxgw/simulator'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { type Answer, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000ab'

void t.test('eventLog: false', async (t) => {
  const component = {
    appId: `wx${randomBytes(8).toString('hex')}`,
    appSecret: randomBytes(16).toString('hex'),
    token: randomBytes(8).toString('hex'),
    encodingAesKey: randomBytes(40).toString('hex').slice(0, 43),
  }
  const file = join(t.testdir(), 'gateway.yaml')
  writeFileSync(
    file,
    `platforms:
  - id: quiet
    componentAppid: ${component.appId}
    componentAppsecret: ${component.appSecret}
    token: ${component.token}
    encodingAesKey: ${component.encodingAesKey}
    eventLog: false
`,
  )
  const gateway = await startGateway({ env: { CONFIG_FILE: file, REPLY_DEADLINE_MS: '1000' } })
  t.teardown(() => gateway.stop())
  const base = `${gateway.publicUrl}/apis/v1/wx/quiet`
  const simulator = await startSimulator({
    component,
    eventUrl: `${base}/event`,
    callbackUrl: `${base}/$APPID$/callback`,
    attempts: 1,
  })
  t.teardown(() => simulator.close())
  simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
  const call = async (method: string, path: string, body?: unknown) => {
    const headers = { ...gateway.auth, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const answer = await fetch(`${gateway.internalUrl}/apis/v1/wx/quiet${path}`, init)
    const answered: Answer = JSON.parse(await answer.text())
    return { status: answer.status, body: answered }
  }

  const hook = await startHook(t, ({ data }) => ({
    status: 200,
    body: { reply: { MsgType: 'text', Content: `${data['Content']}!` } },
  }))
  const match = { types: ['wechat.message.*'] }
  const sink = { kind: 'webhook', url: hook.url }
  t.equal(
    (await call('PUT', '/subscriptions/hook', { match, sink, reply: true, retry: { scheduleSeconds: [] } })).status,
    201,
  )
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
  const redis = new Redis(gateway.redis.url)
  t.teardown(() => redis.disconnect())
  t.same(await redis.keys('wx:{quiet}:event*'), [])

  hook.answer = () => ({ status: 500 })
  await simulator.sendText(APP, { openId: 'oUSER', content: 'dead' })
  const dead = await until(
    'dead letters are kept',
    async () => (await call('GET', '/subscriptions/hook/dead-letters')).body.items?.[0],
  )
  t.equal(dead.event?.data['Content'], 'dead')
  hook.answer = () => ({ status: 200 })
  t.equal((await call('POST', '/subscriptions/hook/dead-letters/replay')).body.replayed, 1)
  await until('it arrives', () => hook.of(String(dead.eventId)) === 2)
  const late = await call('POST', `/replies/${dead.eventId}`, { reply: { MsgType: 'text', Content: 'x' } })
  t.match(late, { status: 410, body: { code: 'REPLY_TOO_LATE' } })

  t.equal((await call('PUT', '/subscriptions/hook', { match, sink, reply: true, enabled: false })).status, 200)
  const plain = await startHook(t)
  await call('PUT', '/subscriptions/plain', { match, sink: { kind: 'webhook', url: plain.url } })
  const xml = (msgId: string) =>
    `<xml><ToUserName>gh_${APP.slice(2)}</ToUserName><FromUserName>oUSER</FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime>` +
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

  gateway.simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
  await gateway.simulator.sendText(APP, { openId: 'oUSER', content: 'logged' })
  await until(
    'the other platform has its log',
    async () => (await gateway.call('GET', '/events')).body.items?.length === 1,
  )
})
