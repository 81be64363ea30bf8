// Owns: what is said of a request that does not fit its schema: the member and what is expected there, never a value.
import t from 'tap'
import { APPID_A } from './samples.ts'
import { createGateway, PREFIX, refusalOf } from './gateway-fixture.ts'

const QUEUE = { sink: { kind: 'queue' } }
const HOOK = { kind: 'webhook', url: 'https://crm.example/' }
const JSON_TYPE = { 'content-type': 'application/json' }
const CANARY = 'canaryq7f3x'

type Row = [body: unknown, message: string]
const PUT = 'PUT subscriptions/crm'
const MATCHES = 'authorizers, types, data'
const withMatch = (match: object) => ({ ...QUEUE, match })
const withData = (data: object) => withMatch({ data })

/** By method and path; a message that does not say where begins with `the body is not valid: `. */
const ROWS: Record<string, Row[]> = {
  [PUT]: [
    [withMatch({ autorizers: [] }), `/match/autorizers is not known here; known are ${MATCHES}`],
    [
      { ...QUEUE, replay: true },
      '/replay is not known here; known are name, match, sink, retry, reply, fallback, ordering, orderingTimeoutSeconds, throttle, maxBacklog, disableAfterSeconds, enabled, paused, declared, createdAt, updatedAt',
    ],
    // A name that is no name of a member, or is long, is not repeated.
    [withMatch({ [CANARY]: 1 }), `/match has a member that is not known here; known are ${MATCHES}`],
    [withMatch({ ['x'.repeat(33)]: 1 }), `/match has a member that is not known here; known are ${MATCHES}`],
    [{ sink: { ...HOOK, method: 'GET' } }, '/sink/method is not known here; known are kind, url, timeoutMs, secret'],
    [{}, '/sink is missing'],
    [{ sink: { kind: 'webhook' } }, '/sink/url is missing'],
    [{ sink: { url: CANARY } }, '/sink/kind is missing'],
    [{ sink: { kind: CANARY } }, '/sink/kind must be one of queue, stream, webhook'],
    [{ ...QUEUE, reply: CANARY }, '/reply must be true or false'],
    [[], 'must be an object'],
    [{ sink: CANARY }, '/sink must be an object'],
    [withMatch({ types: ['a', 1] }), '/match/types/1 must be a text'],
    [{ sink: { ...HOOK, timeoutMs: '1000' } }, '/sink/timeoutMs must be a whole number'],
    [withMatch({ authorizers: [CANARY] }), '/match/authorizers/0 must match pattern "^wx[0-9A-Za-z]{16}$"'],
    [withData({ Event: CANARY }), '/match/data/Event must be a list or must be an object'],
    [
      withData({ Event: { prefix: 1 } }),
      "/match/data/Event must be a list or must be a text or must have required property 'exists' or must have required property 'not'",
    ],
    [
      withData({ Event: { [CANARY]: 1 } }),
      "/match/data/Event must be a list or must have required property 'prefix' or must have required property 'exists' or must have required property 'not'",
    ],
    [withData({ 'a b': [CANARY] }), '/match/data has a member that is not known here'],
    [
      withData(Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`F${n}`, []]))),
      '/match/data must NOT have more than 10 properties',
    ],
    [withMatch({ types: Array(1001).fill('x') }), '/match/types must NOT have more than 1000 items'],
    [{ sink: { ...HOOK, timeoutMs: 30_001 } }, '/sink/timeoutMs must be <= 30000'],
    [{ ...QUEUE, fallback: CANARY }, '/fallback must be one of customer-service, null'],
  ],
  'PUT subscriptions/CRM': [[QUEUE, 'the path is not valid: /name must match pattern "^[a-z0-9][a-z0-9-]{0,62}$"']],
  [`POST access_token/${APPID_A}/invalid`]: [
    [{ token: CANARY.repeat(100) }, '/token must NOT have more than 1024 characters'],
    [{ token: '' }, '/token must NOT have fewer than 1 characters'],
  ],
  'POST authurl': [
    [{ auth_type: CANARY }, '/auth_type must match pattern "^[1-68]$" or must be one of 1, 2, 3, 4, 5, 6, 8'],
    [{ auth_type: 7 }, '/auth_type must be a text or must be one of 1, 2, 3, 4, 5, 6, 8'],
  ],
  'POST replies/ev_1': [
    [
      { reply: { MsgType: CANARY } },
      '/reply/MsgType must be one of text, image, voice, video, music, news, transfer_customer_service',
    ],
    [{ reply: { Content: CANARY } }, '/reply/MsgType is missing'],
    [{ reply: { MsgType: 'news', Articles: [{ Title: CANARY }] } }, '/reply/Articles/0/Url is missing'],
    [{ reply: { raw: CANARY } }, '/reply/raw must match pattern "^<xml[\\s>]"'],
  ],
}

const QUERIES: Record<string, string> = {
  'authorizers?limit=1&offset=2':
    'the query is not valid: /offset is not known here; known are limit, cursor, status, missingScope, q',
  [`authorizers/${APPID_A}?x=1`]: 'the query is not valid: /x is not known here',
  mpinfo: 'the query is not valid: /auth_code is missing',
  [`ticket/${APPID_A}?type=${CANARY}`]: 'the query is not valid: /type must be one of jsapi, wx_card',
  'authorizers?limit=1&limit=1': 'the parameter limit is given more than once',
  [`authorizers?${CANARY}=1&${CANARY}=1`]: 'a parameter is given more than once',
  'authorizers?limit=%zz': 'the parameter limit is not validly percent-encoded',
}

void t.test('a validation message names the member and what it expects, never what was sent', async (t) => {
  const { fake, request } = createGateway(t)
  const rows = [
    ...Object.entries(ROWS).flatMap(([route, bodies]) => bodies.map(([body, message]) => ({ route, body, message }))),
    ...Object.entries(QUERIES).map(([path, message]) => ({ route: `GET ${path}`, body: undefined, message })),
  ]
  for (const { route, body, message } of rows) {
    const [method, path] = route.split(' ') as ['GET' | 'PUT' | 'POST', string]
    const sent = body === undefined ? {} : { headers: JSON_TYPE, payload: JSON.stringify(body) }
    const answer = await request(`${PREFIX}/${path}`, { method, ...sent })
    const expected =
      message.startsWith('the ') || message.startsWith('a ') ? message : `the body is not valid: ${message}`
    t.equal(refusalOf(answer), '400 INVALID_REQUEST', message)
    t.equal(answer.json().message, expected)
    t.notMatch(answer.body, CANARY, message)
  }
  t.equal(fake.calls.length, 0)
})
