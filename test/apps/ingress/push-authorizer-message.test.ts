// Owns: what an authorizer's callback URL accepts, and the event that is made of it.
import { GatewayError } from '@wxgw/wechat-core'
import type { GatewayEvent } from '@wxgw/contracts'
import type { PushedMessage } from '@wxgw/ingress'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { words } from '../../helpers/words.ts'
import { APPID_A, APPID_B, NOW_MS } from './samples.ts'
import { createGateway, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'
import { COMPONENT_APPID, queryText, sealPush, textMessage } from './sealed-push.ts'

const NOW = NOW_MS / 1000

function post({ publicServer }: Fixture, plaintext: string, appid: string = APPID_A) {
  const { query, body } = sealPush(plaintext, NOW)
  const url = `${PREFIX}/${appid}/callback?${queryText({ ...query, openid: 'oUSER' })}`
  return publicServer.inject({ method: 'POST', url, headers: { 'content-type': 'text/xml' }, payload: body })
}

function accepted({ fake }: Fixture): GatewayEvent[] {
  return fake.pushes('message').map(({ event }) => event)
}

void t.test('a message becomes a CloudEvent whose data is what WeChat wrote, every leaf a string', async (t) => {
  const gateway = createGateway(t)
  const answer = await post(gateway, textMessage({ createTime: NOW - 1, content: '00123' }))
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, 'success')
  const [event] = accepted(gateway)
  t.match(event?.id, /^ev_[a-z2-7]{52}$/)
  t.same(
    { ...event, id: '' },
    {
      ...{ id: '', specversion: '1.0', type: 'wechat.message.text', datacontenttype: 'application/json' },
      ...{ source: `/wx/open1/${APPID_A}`, platform: 'open1', authorizerappid: APPID_A },
      ...{ subject: 'oUSER', time: '2025-12-31T23:59:59Z' },
      data: {
        ...{ ToUserName: 'gh_0000000000aa', FromUserName: 'oUSER', CreateTime: String(NOW - 1) },
        ...{ MsgType: 'text', Content: '00123', MsgId: '23456789012345678' },
      },
    },
  )
  t.match(gateway.fake.pushes('message')[0], {
    platform: 'open1',
    receivedAtMs: NOW_MS,
    made: NOW_MS - 1000,
    reply: undefined,
  })
})

void t.test('a message of very many elements is parsed; beyond 100,000 elements it is unparsed', async (t) => {
  const gateway = createGateway(t)
  const withItems = (count: number) =>
    textMessage({ createTime: NOW }).replace('</xml>', `${'<item/>'.repeat(count)}</xml>`)
  for (const count of [60_000, 100_000]) t.equal((await post(gateway, withItems(count))).body, 'success')
  const [read, unread] = accepted(gateway)
  t.match(read, { type: 'wechat.message.text', data: { item: { length: 60_000 } } })
  t.match(unread, { type: 'wechat.unparsed', data: { raw: withItems(100_000) } })
})

void t.test('an event of a user is named after its Event, in lower case and without odd characters', async (t) => {
  const gateway = createGateway(t)
  const event = (name: string) =>
    `<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>${NOW}</CreateTime><MsgType>event</MsgType><Event>${name}</Event></xml>`
  await post(gateway, event('subscribe'))
  await post(gateway, event('VIEW_miniprogram'))
  await post(gateway, event('a b/c'))
  t.same(pluck(accepted(gateway), 'type'), [
    'wechat.event.subscribe',
    'wechat.event.view_miniprogram',
    'wechat.event.a_b_c',
  ])
})

void t.test('what is authentic but makes no sense is dispatched raw as wechat.unparsed', async (t) => {
  const gateway = createGateway(t)
  for (const plaintext of [
    'no xml',
    '<!DOCTYPE a [<!ENTITY b "c">]><xml><ToUserName>&b;</ToUserName></xml>',
    '<xml><MsgType>event</MsgType></xml>',
  ]) {
    t.equal((await post(gateway, plaintext)).body, 'success', plaintext)
    const event = accepted(gateway).at(-1)
    t.match(event, { type: 'wechat.unparsed', time: '2026-01-01T00:00:00Z', authorizerappid: APPID_A })
    t.same(event?.data, { raw: plaintext })
  }
})

void t.test('an event without ToUserName, FromUserName and CreateTime keeps its type', async (t) => {
  const gateway = createGateway(t)
  for (const time of ['', '<CreateTime>1767225600123</CreateTime>', `<CreateTime>${NOW + 864_000}</CreateTime>`]) {
    const document = `<xml>${time}<MsgType>event</MsgType><Event>minigame_coin_deliver_completed</Event><MiniGame><IsMock>1</IsMock></MiniGame></xml>`
    t.equal((await post(gateway, document)).body, 'success')
    const event = accepted(gateway).at(-1)
    t.match(event, {
      type: 'wechat.event.minigame_coin_deliver_completed',
      source: `/wx/open1/${APPID_A}`,
      authorizerappid: APPID_A,
      time: '2026-01-01T00:00:00Z',
      data: { MiniGame: { IsMock: '1' } },
    })
    t.notOk(event && 'subject' in event)
    t.match(gateway.fake.pushes('message').at(-1), { receivedAtMs: NOW_MS, made: 'unknown' })
  }
  t.equal(new Set(accepted(gateway).map(({ id }) => id)).size, 3)
  t.same(gateway.fake.callsOf('ownerOfUserName'), [], 'nobody is asked for')
})

void t.test("a component's ticket or code that came to a callback URL goes no further", async (t) => {
  const gateway = createGateway(t)
  const ticket = '<ComponentVerifyTicket>ticket@@@CANARY</ComponentVerifyTicket>'
  await post(
    gateway,
    `<xml><AppId>${COMPONENT_APPID}</AppId><InfoType>component_verify_ticket</InfoType>${ticket}</xml>`,
  )
  await post(gateway, `{"InfoType":"authorized","AuthorizationCode":"CANARY","A":"1"}`)
  await post(gateway, Buffer.from(`{"auth_code":"CANARY"}`).toString('base64'))
  await post(gateway, textMessage({ createTime: NOW }).replace('<MsgId>', `${ticket}<MsgId>`))
  t.same(
    accepted(gateway)
      .slice(0, 3)
      .map(({ type, data }) => [type, data['raw']]),
    [
      [
        'wechat.unparsed',
        `<xml><AppId>${COMPONENT_APPID}</AppId><InfoType>component_verify_ticket</InfoType><ComponentVerifyTicket></ComponentVerifyTicket></xml>`,
      ],
      ['wechat.unparsed', '{"InfoType":"authorized","AuthorizationCode":"","A":"1"}'],
      ['wechat.unparsed', ''],
    ],
  )
  const found = accepted(gateway)[2]?.data
  t.same(found, { raw: '', rawLength: 32, reason: 'not-xml' }, 'what may be encoded goes by its length')
  t.match(accepted(gateway)[3], { type: 'wechat.message.text', data: { Content: '你好', MsgId: '23456789012345678' } })
  t.notMatch(JSON.stringify(gateway.fake.calls), /CANARY/)
  t.notMatch(JSON.stringify(gateway.lines), /CANARY/)
})

void t.test('one message at two authorizers, or two events of a user in a second, are two events', async (t) => {
  const gateway = createGateway(t)
  await post(gateway, textMessage({ createTime: NOW }))
  await post(gateway, textMessage({ createTime: NOW }), APPID_B)
  await post(gateway, textMessage({ createTime: NOW, msgId: '2' }))
  await post(gateway, textMessage({ createTime: NOW }))
  const ids = accepted(gateway).map(({ id }) => id)
  t.equal(new Set(ids).size, 3)
  t.equal(ids[0], ids[3])
})

void t.test('an appid that has not authorized is accepted', async (t) => {
  const gateway = createGateway(t)
  t.equal((await post(gateway, textMessage({ createTime: NOW }), 'wxABCDEF0123456789')).body, 'success')
})

void t.test("a message of another authorizer's account is refused, as the path is not signed", async (t) => {
  const gateway = createGateway(t)
  gateway.fake.owners.set('gh_0000000000aa', APPID_A)
  t.equal((await post(gateway, textMessage({ createTime: NOW }), APPID_A)).statusCode, 200)
  const answer = await post(gateway, textMessage({ createTime: NOW }), APPID_B)
  t.equal(refusalOf(answer), '403 APPID_MISMATCH')
  t.equal(accepted(gateway).length, 1)
  const found = gateway.lines.find(({ message }) => message === 'push.misdirected')
  t.match(found, { level: 'warn', fields: { owner: APPID_A } })
})

void t.test('a message is dispatched however old it is, with the time that it was made', async (t) => {
  const gateway = createGateway(t)
  for (const createTime of [1, NOW - 864_000, NOW - 3601]) {
    t.equal((await post(gateway, textMessage({ createTime }))).body, 'success')
    t.match(gateway.fake.pushes('message').at(-1), { receivedAtMs: NOW_MS, made: createTime * 1000 })
  }
  t.same(pluck(accepted(gateway), 'time'), ['1970-01-01T00:00:01Z', '2025-12-22T00:00:00Z', '2025-12-31T22:59:59Z'])
})

void t.test('paths that hold no appid are refused without an echo', async (t) => {
  const gateway = createGateway(t)
  const hostile = [
    ...words`
      ..%2f..%2fetc a%2fb wxa00000000000000%00 wxa00000000000000%0d%0a %E2%80%AE %F0%9F%98%80 wxa00000000000001
      xxa000000000000001 wxa0000000000000011 __proto__ constructor * a:b {tag} %7Btag%7D bull
    `,
    ...['a'.repeat(101), 'a'.repeat(3000), COMPONENT_APPID],
  ]
  for (const appid of hostile) {
    const answer = await post(gateway, textMessage({ createTime: NOW }), appid)
    t.equal(refusalOf(answer), '400 INVALID_REQUEST', appid.slice(0, 30))
    t.notMatch(answer.body, appid)
  }
  t.equal(gateway.fake.calls.length, 0)
})

void t.test('when the store is away, WeChat is told to push again', async (t) => {
  for (const name of ['ownerOfUserName', 'intake.accept']) {
    const gateway = createGateway(t)
    gateway.fake.fail(name, new GatewayError('STORE_UNAVAILABLE', 'the store does not answer', { retry: true }))
    const answer = await post(gateway, textMessage({ createTime: NOW }))
    t.equal(refusalOf(answer), '503 STORE_UNAVAILABLE', name)
  }
})

void t.test('a passive reply is sent once the event, with its wish for a reply, is in the queue', async (t) => {
  const pushes: PushedMessage[] = []
  const gateway = createGateway(t, {
    passiveReplies: {
      async answer({ enqueue, ...push }) {
        pushes.push(push)
        await enqueue({ subscription: 'crm', deadlineAtMs: NOW_MS + 4000 })
        return '<xml>sealed</xml>'
      },
    },
  })
  const answer = await post(gateway, textMessage({ createTime: NOW }))
  t.equal(answer.body, '<xml>sealed</xml>')
  t.match(answer.headers['content-type'], /^text\/xml/)
  t.same(gateway.fake.pushes('message')[0]?.reply, { subscription: 'crm', deadlineAtMs: NOW_MS + 4000 })
  t.equal(gateway.fake.pushes('message').length, 1)
  t.match(pushes[0], {
    appId: APPID_A,
    receivedAtMs: NOW_MS,
    message: { msgType: 'text' },
    opened: { nonce: '1804289383' },
  })
})

void t.test('nothing is answered before the queue has accepted, whoever answers', async (t) => {
  const failing = new GatewayError('STORE_UNAVAILABLE', 'the store does not answer', { retry: true })
  const silent = createGateway(t, { passiveReplies: { answer: async () => undefined } })
  t.equal((await post(silent, textMessage({ createTime: NOW }))).body, 'success')
  t.equal(accepted(silent).length, 1)
  const eager = createGateway(t, { passiveReplies: { answer: async () => '<xml>reply</xml>' } })
  eager.fake.fail('intake.accept', failing)
  t.equal((await post(eager, textMessage({ createTime: NOW }))).statusCode, 503)
})

void t.test('the release check goes before passive replies, and may answer an empty body', async (t) => {
  const gateway = createGateway(t, {
    releaseCheck: { answer: async () => '' },
    passiveReplies: {
      answer: async () => {
        t.fail('must not be asked')
        return undefined
      },
    },
  })
  const answer = await post(gateway, textMessage({ createTime: NOW }))
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '')
  t.equal(accepted(gateway).length, 0, "it is the check's alone: it may hold an authorization code")
})
