// Owns: what is said of a request that does not fit its schema: the member and what is expected there, never a value.
import t from 'tap'
import { APPID_A } from './samples.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'

const QUEUE = { sink: { kind: 'queue' } }
const HOOK = { kind: 'webhook', url: 'https://crm.example/' }
const CANARY = 'canaryq7f3x'

type Row = [keyword: string, route: string, body: unknown, message: string]

const ROWS: Row[] = [
  [
    'additionalProperties',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { autorizers: [] } },
    'the body is not valid: /match/autorizers is not known here; known are authorizers, types, data',
  ],
  [
    'additionalProperties of the root',
    'PUT subscriptions/crm',
    { ...QUEUE, replay: true },
    'the body is not valid: /replay is not known here; known are name, match, sink, retry, reply, fallback, ordering, orderingTimeoutSeconds, throttle, maxBacklog, disableAfterSeconds, enabled, paused, declared, createdAt, updatedAt',
  ],
  [
    'additionalProperties that is no name',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { [CANARY]: 1 } },
    'the body is not valid: /match has a member that is not known here; known are authorizers, types, data',
  ],
  [
    'additionalProperties that is long',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { ['x'.repeat(33)]: 1 } },
    'the body is not valid: /match has a member that is not known here; known are authorizers, types, data',
  ],
  [
    'additionalProperties of a form',
    'PUT subscriptions/crm',
    { sink: { ...HOOK, method: 'GET' } },
    'the body is not valid: /sink/method is not known here; known are kind, url, timeoutMs, secret',
  ],
  [
    'additionalProperties of a query',
    'GET authorizers?limit=1&offset=2',
    undefined,
    'the query is not valid: /offset is not known here; known are limit, cursor, status, missingScope, q',
  ],
  [
    'additionalProperties where none is known',
    `GET authorizers/${APPID_A}?x=1`,
    undefined,
    'the query is not valid: /x is not known here',
  ],
  ['required', 'PUT subscriptions/crm', {}, 'the body is not valid: /sink is missing'],
  [
    'required of a form',
    'PUT subscriptions/crm',
    { sink: { kind: 'webhook' } },
    'the body is not valid: /sink/url is missing',
  ],
  ['required in a query', 'GET mpinfo', undefined, 'the query is not valid: /auth_code is missing'],
  [
    'a form that is not chosen',
    'PUT subscriptions/crm',
    { sink: { url: CANARY } },
    'the body is not valid: /sink/kind is missing',
  ],
  [
    'a form that does not exist',
    'PUT subscriptions/crm',
    { sink: { kind: CANARY } },
    'the body is not valid: /sink/kind must be one of queue, stream, webhook',
  ],
  ['type', 'PUT subscriptions/crm', { ...QUEUE, reply: CANARY }, 'the body is not valid: /reply must be true or false'],
  ['type of the root', 'PUT subscriptions/crm', [], 'the body is not valid: must be an object'],
  ['type of a form', 'PUT subscriptions/crm', { sink: CANARY }, 'the body is not valid: /sink must be an object'],
  [
    'type in a list',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { types: ['a', 1] } },
    'the body is not valid: /match/types/1 must be a text',
  ],
  [
    'type within a form',
    'PUT subscriptions/crm',
    { sink: { ...HOOK, timeoutMs: '1000' } },
    'the body is not valid: /sink/timeoutMs must be a whole number',
  ],
  [
    'pattern',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { authorizers: [CANARY] } },
    'the body is not valid: /match/authorizers/0 must match pattern "^wx[0-9A-Za-z]{16}$"',
  ],
  [
    'a condition of no form',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { data: { Event: CANARY } } },
    'the body is not valid: /match/data/Event must be a list or must be an object',
  ],
  [
    'a condition with a wrong value',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { data: { Event: { prefix: 1 } } } },
    "the body is not valid: /match/data/Event must be a list or must be a text or must have required property 'exists' or must have required property 'not'",
  ],
  [
    'a condition of an unknown form',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { data: { Event: { [CANARY]: 1 } } } },
    "the body is not valid: /match/data/Event must be a list or must have required property 'prefix' or must have required property 'exists' or must have required property 'not'",
  ],
  [
    'a field that is no name',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { data: { 'a b': [CANARY] } } },
    'the body is not valid: /match/data has a member that is not known here',
  ],
  [
    'too many fields',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { data: Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`F${n}`, []])) } },
    'the body is not valid: /match/data must NOT have more than 10 properties',
  ],
  [
    'pattern of a path',
    'PUT subscriptions/CRM',
    QUEUE,
    'the path is not valid: /name must match pattern "^[a-z0-9][a-z0-9-]{0,62}$"',
  ],
  [
    'maxItems',
    'PUT subscriptions/crm',
    { ...QUEUE, match: { types: Array.from({ length: 1001 }, () => 'x') } },
    'the body is not valid: /match/types must NOT have more than 1000 items',
  ],
  [
    'maximum',
    'PUT subscriptions/crm',
    { sink: { ...HOOK, timeoutMs: 30_001 } },
    'the body is not valid: /sink/timeoutMs must be <= 30000',
  ],
  [
    'maxLength',
    `POST access_token/${APPID_A}/invalid`,
    { token: CANARY.repeat(100) },
    'the body is not valid: /token must NOT have more than 1024 characters',
  ],
  [
    'minLength',
    `POST access_token/${APPID_A}/invalid`,
    { token: '' },
    'the body is not valid: /token must NOT have fewer than 1 characters',
  ],
  [
    'constants',
    `GET ticket/${APPID_A}?type=${CANARY}`,
    undefined,
    'the query is not valid: /type must be one of jsapi, wx_card',
  ],
  [
    'a constant or null',
    'PUT subscriptions/crm',
    { ...QUEUE, fallback: CANARY },
    'the body is not valid: /fallback must be one of customer-service, null',
  ],
  [
    'forms of one value',
    'POST authurl',
    { auth_type: CANARY },
    'the body is not valid: /auth_type must match pattern "^[1-68]$" or must be one of 1, 2, 3, 4, 5, 6, 8',
  ],
  [
    'enum',
    'POST authurl',
    { auth_type: 7 },
    'the body is not valid: /auth_type must be a text or must be one of 1, 2, 3, 4, 5, 6, 8',
  ],
  [
    'a reply of no form',
    'POST replies/ev_1',
    { reply: { MsgType: CANARY } },
    'the body is not valid: /reply/MsgType must be one of text, image, voice, video, music, news, transfer_customer_service',
  ],
  [
    'a reply without a form',
    'POST replies/ev_1',
    { reply: { Content: CANARY } },
    'the body is not valid: /reply/MsgType is missing',
  ],
  [
    'a reply of one form',
    'POST replies/ev_1',
    { reply: { MsgType: 'news', Articles: [{ Title: CANARY }] } },
    'the body is not valid: /reply/Articles/0/Url is missing',
  ],
  [
    'a reply of a form of its own',
    'POST replies/ev_1',
    { reply: { raw: CANARY } },
    'the body is not valid: /reply/raw must match pattern "^<xml[\\s>]"',
  ],
  ['a parameter twice', 'GET authorizers?limit=1&limit=1', undefined, 'the parameter limit is given more than once'],
  [
    'a parameter that is no name, twice',
    `GET authorizers?${CANARY}=1&${CANARY}=1`,
    undefined,
    'a parameter is given more than once',
  ],
  ['a broken encoding', 'GET authorizers?limit=%zz', undefined, 'the parameter limit is not validly percent-encoded'],
]

void t.test(
  'what is wrong is told by the member, with what is expected there, and without what was found',
  async (t) => {
    const { internalServer, fake, bearer } = createGateway(t)
    for (const [keyword, route, body, message] of ROWS) {
      const [method, path] = route.split(' ') as ['GET' | 'PUT' | 'POST', string]
      const answer = await internalServer.inject({
        method,
        url: `${PREFIX}/${path}`,
        headers: { ...bearer(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      })
      t.match({ ...answer.json(), message: undefined }, { statusCode: 400, code: 'INVALID_REQUEST' }, keyword)
      t.equal(answer.json().message, message, keyword)
      t.notMatch(answer.body, CANARY, keyword)
    }
    t.equal(fake.calls.length, 0)
  },
)
