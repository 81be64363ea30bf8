// Owns: what the component's event URL accepts and what it answers.
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { NOW_MS } from './samples.ts'
import { createGateway, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'
import { componentDocument, queryText, sealPush, type SealedPush } from './sealed-push.ts'

const NOW = NOW_MS / 1000
const TICKET = '<ComponentVerifyTicket>ticket@@@canary</ComponentVerifyTicket>'

function post(
  { publicServer }: Fixture,
  { query, body }: SealedPush,
  headers: Record<string, string> = { 'content-type': 'text/xml' },
) {
  return publicServer.inject({ method: 'POST', url: `${PREFIX}/event?${queryText(query)}`, headers, payload: body })
}

void t.test('a ticket is answered exactly success, as text, after the intake has accepted it whole', async (t) => {
  const gateway = createGateway(t)
  const plaintext = componentDocument('component_verify_ticket', NOW, TICKET)
  const answer = await post(gateway, sealPush(plaintext, NOW))
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, 'success')
  t.match(answer.headers['content-type'], /^text\/plain/)
  t.equal(answer.headers['cache-control'], 'no-store')
  const [event] = gateway.fake.pushes('component-event')
  t.match(event?.eventId, /^ev_[a-z2-7]{52}$/)
  t.match(event, { platform: 'open1', plaintext, receivedAtMs: NOW_MS })
})

void t.test('the event has the same id in another envelope', async (t) => {
  const gateway = createGateway(t)
  const plaintext = componentDocument('component_verify_ticket', NOW, TICKET)
  await post(gateway, sealPush(plaintext, NOW))
  await post(gateway, sealPush(plaintext, NOW + 5, { nonce: 'another' }))
  const [first, second] = gateway.fake.pushes('component-event')
  t.equal(first?.eventId, second?.eventId)
})

void t.test('a push without a content type, or with any XML type in UTF-8, is accepted', async (t) => {
  const gateway = createGateway(t)
  const types = [
    undefined,
    'text/xml',
    'application/xml',
    'text/xml; charset=utf-8',
    'TEXT/XML;charset="UTF-8"',
    'text/xml; charset=UTF8',
  ]
  for (const type of types) {
    const answer = await post(
      gateway,
      sealPush(componentDocument('x', NOW), NOW),
      type === undefined ? {} : { 'content-type': type },
    )
    t.equal(answer.body, 'success', type ?? 'none')
  }
})

void t.test('what is authentic but makes no sense is answered success and handed on', async (t) => {
  const gateway = createGateway(t)
  for (const plaintext of ['not xml', '<!DOCTYPE x><xml></xml>', '<xml><InfoType>authorized</InfoType></xml>', ' ']) {
    const answer = await post(gateway, sealPush(plaintext, NOW))
    t.equal(answer.statusCode, 200, plaintext)
    t.equal(answer.body, 'success', plaintext)
  }
  t.equal(gateway.fake.pushes('component-event').length, 4)
})

void t.test('an old event is dispatched with its own time; tickets and authorizations go by order', async (t) => {
  const gateway = createGateway(t)
  const old = NOW - 864_000
  const authorized =
    '<AuthorizerAppid>wxa000000000000001</AuthorizerAppid><AuthorizationCode>queryauthcode@@@x</AuthorizationCode>'
  const made: Array<[document: string, made: unknown]> = [
    [componentDocument('component_verify_ticket', old, TICKET), 'ordered'],
    [componentDocument('authorized', old, authorized), 'ordered'],
    [componentDocument('updateauthorized', old, authorized), 'ordered'],
    [componentDocument('unauthorized', old, authorized), 'ordered'],
    [componentDocument('notify_third_fasteregister', old), old * 1000],
    [componentDocument('notify_third_fasteregister', old * 1000), 'unknown'],
    [componentDocument('component_verify_ticket', old), old * 1000],
    ['no document', 'unknown'],
  ]
  for (const [document] of made) t.equal((await post(gateway, sealPush(document, NOW))).body, 'success')
  t.same(
    pluck(gateway.fake.pushes('component-event'), 'made'),
    made.map(([, one]) => one),
  )
  t.match(gateway.fake.callsOf('tickets.saveIfNewer'), [[{}, old]])
})

void t.test('a ticket without a usable CreateTime is judged by its arrival', async (t) => {
  const gateway = createGateway(t)
  for (const time of ['', '1760000000123', String(NOW + 864_000)]) {
    await post(
      gateway,
      sealPush(componentDocument('component_verify_ticket', NOW, TICKET).replace(String(NOW), time), NOW),
    )
  }
  const found = gateway.fake.callsOf('tickets.saveIfNewer').map(([, second]) => second)
  t.same(found, [NOW, NOW, NOW])
})

void t.test('an event for another component is refused though the envelope is ours', async (t) => {
  const gateway = createGateway(t)
  const answer = await post(gateway, sealPush(componentDocument('x', NOW, '', 'wxc000000000000999'), NOW))
  t.equal(refusalOf(answer), '403 APPID_MISMATCH')
  t.equal(gateway.fake.calls.length, 0)
})

void t.test('when the store does not accept, WeChat is told to push again', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.fail(
    'intake.accept',
    new GatewayError('STORE_UNAVAILABLE', 'the store does not answer', { retry: true }),
  )
  const answer = await post(gateway, sealPush(componentDocument('x', NOW), NOW))
  t.equal(answer.statusCode, 503)
  t.match(answer.json(), { code: 'STORE_UNAVAILABLE', statusCode: 503, error: 'Service Unavailable' })
  t.ok(answer.headers['retry-after'])
})

void t.test('a duplicate is answered success', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.intake.accept = async () => 'duplicate'
  t.equal((await post(gateway, sealPush(componentDocument('x', NOW), NOW))).body, 'success')
})
