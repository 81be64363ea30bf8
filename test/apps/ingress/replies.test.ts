// Owns: handing in a passive reply by HTTP.
import { WeChatApiError } from '@wxgw/wechat-core'
import t from 'tap'
import { createGateway, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'

const TEXT = { MsgType: 'text', Content: '你好' }

function post({ request }: Fixture, eventId: string, payload: object) {
  return request(`${PREFIX}/replies/${eventId}`, { method: 'POST', payload })
}

void t.test('a reply is handed on, and who sent it is told', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.replyOutcomes.set('ev_1', 'accepted').set('ev_2', 'sent')
  const inTime = await post(gateway, 'ev_1', { reply: TEXT })
  t.equal(inTime.statusCode, 202)
  t.same(inTime.json(), { sentBy: 'passive-reply' })
  t.same((await post(gateway, 'ev_2', { reply: TEXT })).json(), { sentBy: 'customer-service' })
  t.same(gateway.fake.callsOf('replies.offer')[0], ['ev_1', TEXT])
})

void t.test('a reply that comes to nothing says why', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.replyOutcomes.set('ev_1', 'already-answered').set('ev_2', 'too-late').set('ev_3', 'invalid')
  const rows: Array<[string, number, string]> = [
    ['ev_0', 404, 'EVENT_NOT_FOUND'],
    ['ev_1', 409, 'REPLY_ALREADY_SENT'],
    ['ev_2', 410, 'REPLY_TOO_LATE'],
    ['ev_3', 400, 'INVALID_REQUEST'],
  ]
  for (const [eventId, status, code] of rows) {
    const answer = await post(gateway, eventId, { reply: TEXT })
    t.equal(refusalOf(answer), `${status} ${code}`, code)
  }
  gateway.fake.fail(
    'replies.offer',
    new WeChatApiError('message/custom/send', { errcode: 45015, errmsg: 'response out of time limit' }),
  )
  t.match((await post(gateway, 'ev_4', { reply: TEXT })).json(), { statusCode: 502, errcode: 45015 })
})

void t.test('what is no reply is told so before anybody is asked', async (t) => {
  const gateway = createGateway(t)
  const bodies: object[] = [
    {},
    [],
    { reply: null },
    { reply: 'hi' },
    { reply: { MsgType: 'text' } },
    { reply: { MsgType: 'sms', Content: 'x' } },
    { reply: { ...TEXT, ToUserName: 'o1' } },
    { reply: { MsgType: 'news', Articles: [] } },
    { reply: TEXT, x: 1 },
  ]
  for (const body of bodies) {
    const answer = await post(gateway, 'ev_1', body)
    t.equal(refusalOf(answer), '400 INVALID_REQUEST', JSON.stringify(body))
  }
  const query = await gateway.request(`${PREFIX}/replies/ev_1?x=1`, { method: 'POST', payload: { reply: TEXT } })
  t.equal(query.json().code, 'INVALID_REQUEST')
  t.equal(gateway.fake.calls.length, 0)
})
