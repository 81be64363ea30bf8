// Owns: hostile calls of the internal listener: rows T of the table, and the same care for subscriptions, dead letters, replies, events.
import type { Test } from 'tap'
import { API_KEY } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import {
  assertErrorShape,
  type Attempt,
  AUTHORIZER,
  CANARY,
  type HostileGateway,
  OTHER_AUTHORIZER,
  parsed,
  PREFIX,
  STRANGER_APPID,
} from './hostile-gateway.ts'
import { requestBytes, sendBytes } from './raw-http.ts'

const INVALID = 'INVALID_REQUEST'
const NARROW_KEY = 'narrow-key-of-the-hostile-tests-0123456789'
const TOKEN_PATH = `${PREFIX}/access_token/${AUTHORIZER.appId}`
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** Never a webhook's: each leads, or may lead, to an address inside. */
const INNER_URLS = [
  ...[
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://017700000001/',
    'http://127.0.0.1:6379/',
    'http://１２７.０.０.１/',
    'http://127%2e0%2e0%2e1/',
  ],
  ...[
    'http://0/',
    'http://0.0.0.0/',
    'http://localhost/',
    'http://localhost./',
    'http://a.localhost/',
    'http://LOCALHOST/',
    'http://[::1]/',
    'http://[::]/',
  ],
  ...[
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[fec0::1]/',
  ],
  ...[
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
  ],
  ...[
    'http://metadata.google.internal/',
    'http://metadata.tencentyun.com/',
    'http://x.local/',
    'http://db.internal/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
  ],
]
const NO_WEBHOOK_URLS = [
  '',
  'x',
  '//a.example',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'gopher://a.example',
  'ftp://a.example',
  'redis://a.example:6379',
  'https://user:pw@a.example/',
  'https://',
  `https://a.example/${'x'.repeat(2048)}`,
]

/** A caller with some rights on one authorizer. */
export const NARROW_CALLER = `callers:
  - name: narrow
    key: ${NARROW_KEY}
    grants:
      - authorizers: [${AUTHORIZER.appId}]
        actions: [tokens:read, authorizers:read, subscriptions:write, events:read, replies:write]
`

export async function attackOperators(t: Test, gateway: HostileGateway): Promise<void> {
  const { auth, simulator } = gateway
  const row = (
    id: string,
    name: string,
    bytes: Buffer,
    status: Attempt['status'],
    code?: Attempt['code'],
    more: Partial<Attempt> = {},
  ): Attempt => {
    return { id, name, bytes, status, listener: 'internal', ...(code === undefined ? {} : { code }), ...more }
  }
  const get = (target: string, headers: Record<string, string | string[]> = auth) =>
    requestBytes('GET', target, { headers })
  const send = (method: string, path: string, body: unknown, headers: Record<string, string> = auth) => {
    return requestBytes(method, `${PREFIX}/${path}`, {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  }
  await gateway.call('PUT', '/subscriptions/kept', { sink: { kind: 'stream' }, enabled: false })

  await t.test('T01 to T09, T14 to T16: who has no key gets no further than that', async (t) => {
    // What these routes ask WeChat for. In the background others are called: profiles, sets, lists.
    const asked = () =>
      ['api_authorizer_token', 'api_component_token', 'ticket/getticket'].map((api) => simulator.countCalls(api))
    const before = asked()
    const challenged = {
      check: (t: Parameters<NonNullable<Attempt['check']>>[0], answer: Parameters<NonNullable<Attempt['check']>>[1]) =>
        void t.match(answer.headers.get('www-authenticate'), /^Bearer /),
    }
    const stranger = (
      id: string,
      name: string,
      headers: Record<string, string | string[]>,
      status: Attempt['status'] = 401,
    ): Attempt => {
      return row(
        id,
        name,
        get(TOKEN_PATH, headers),
        status,
        status === 401 ? 'UNAUTHENTICATED' : undefined,
        status === 401 ? challenged : {},
      )
    }
    await gateway.attack(t, [
      { ...row('T01', 'on the public listener', get(TOKEN_PATH), 404, 'ROUTE_NOT_FOUND'), listener: 'public' },
      ...[
        'component_access_token',
        'authorizers',
        'subscriptions',
        'events',
        `ticket/${AUTHORIZER.appId}?type=jsapi`,
      ].map((path): Attempt => ({
        ...row('T01', `${path} on the public listener`, get(`${PREFIX}/${path}`), 404, 'ROUTE_NOT_FOUND'),
        listener: 'public',
      })),
      ...['/metrics', '/readyz', '/docs', '/openapi.json'].map((path): Attempt => ({
        ...row('T01', `${path} on the public listener`, get(path), 404, 'ROUTE_NOT_FOUND'),
        listener: 'public',
      })),
      stranger('T03', 'no key', {}),
      stranger('T04', 'a wrong key', bearer(CANARY.repeat(4))),
      stranger('T05', 'Basic', { authorization: `Basic ${Buffer.from(`x:${API_KEY}`).toString('base64')}` }),
      stranger('T05', 'the key alone', { authorization: API_KEY }),
      stranger('T06', 'two headers, one of them right', { authorization: [`Bearer ${API_KEY}`, `Bearer ${CANARY}`] }),
      stranger('T06', 'the right one twice', { authorization: [`Bearer ${API_KEY}`, `Bearer ${API_KEY}`] }),
      stranger('T07', 'the key in a cookie', { cookie: `authorization=Bearer ${API_KEY}` }),
      row('T07', 'the key in the query', get(`${TOKEN_PATH}?access_token=${API_KEY}`, {}), 401, 'UNAUTHENTICATED'),
      stranger('T08', 'blanks and the key and more', { authorization: `Bearer ${API_KEY} x` }),
      stranger('T08', 'a tab for a blank', { authorization: `Bearer\t${API_KEY}` }),
      stranger('T08', 'a key of 7 KB', bearer('x'.repeat(7000))),
      row('T08', 'a key of 9 KB', get(TOKEN_PATH, bearer('x'.repeat(9000))), 431, INVALID),
      row('T08', 'NUL in the key', get(TOKEN_PATH, bearer(`${API_KEY}\0`)), 400, INVALID),
      stranger('T09', 'all but the last character', bearer(API_KEY.slice(0, -1))),
      stranger('T09', 'one character more', bearer(`${API_KEY}0`)),
      stranger('T14', 'from a loopback that is none', {
        'x-forwarded-for': '127.0.0.1',
        'x-real-ip': '127.0.0.1',
        forwarded: 'for=127.0.0.1',
      }),
      stranger('T16', 'a browser of another origin', {
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      }),
      ...['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].map((method) =>
        row(
          'T31',
          `${method} on a route that is none, without a key`,
          requestBytes(method, `${PREFIX}/access_tokens`),
          404,
          'ROUTE_NOT_FOUND',
        ),
      ),
    ])
    t.same(asked(), before, 'WeChat is not asked')
  })

  await t.test(
    'T12, T13: who has half of the rights gets half, and the same refusal for what exists and what does not',
    async (t) => {
      const narrow = bearer(NARROW_KEY)
      const forbidden = (name: string, bytes: Buffer) => row('T12', name, bytes, 403, 'FORBIDDEN', { reads: true })
      await gateway.attack(t, [
        forbidden("another authorizer's token", get(`${PREFIX}/access_token/${OTHER_AUTHORIZER.appId}`, narrow)),
        forbidden("a stranger's token", get(`${PREFIX}/access_token/${STRANGER_APPID}`, narrow)),
        forbidden('the token of a path that is no appid', get(`${PREFIX}/access_token/${CANARY}`, narrow)),
        forbidden("the component's token", get(`${PREFIX}/component_access_token`, narrow)),
        forbidden('another platform', get(`/apis/v1/wx/${CANARY}/access_token/${OTHER_AUTHORIZER.appId}`, narrow)),
        forbidden('force', get(`${TOKEN_PATH}?force=true`, narrow)),
        forbidden(
          'a subscription to everything',
          send('PUT', 'subscriptions/mine', { sink: { kind: 'queue' } }, narrow),
        ),
        forbidden(
          'a subscription to one more',
          send(
            'PUT',
            'subscriptions/mine',
            { sink: { kind: 'queue' }, match: { authorizers: [AUTHORIZER.appId, OTHER_AUTHORIZER.appId] } },
            narrow,
          ),
        ),
        forbidden(
          "somebody's subscription",
          send(
            'PUT',
            'subscriptions/kept',
            { sink: { kind: 'queue' }, match: { authorizers: [AUTHORIZER.appId] } },
            narrow,
          ),
        ),
        forbidden('deleting it', requestBytes('DELETE', `${PREFIX}/subscriptions/kept`, { headers: narrow })),
        forbidden(
          'deleting what is not there',
          requestBytes('DELETE', `${PREFIX}/subscriptions/none`, { headers: narrow }),
        ),
        forbidden('a link for any account', get(`${PREFIX}/authurl`, narrow)),
        forbidden('a link for another account', get(`${PREFIX}/authurl?biz_appid=${OTHER_AUTHORIZER.appId}`, narrow)),
        forbidden('a code', get(`${PREFIX}/mpinfo?auth_code=queryauthcode@@@${CANARY}`, narrow)),
        forbidden('an event that is not there', get(`${PREFIX}/events/ev_none`, narrow)),
        forbidden(
          'a reply to an event that is not there',
          send('POST', 'replies/ev_none', { reply: { MsgType: 'text', Content: 'x' } }, narrow),
        ),
        forbidden('a sync', send('POST', 'authorizers/sync', {}, narrow)),
        forbidden('a replay', send('POST', 'events/ev_none/replay', {}, narrow)),
      ])
      const { items } = parsed((await sendBytes(gateway.ports.internal, get(`${PREFIX}/authorizers`, narrow))).body)
      t.same(Array.isArray(items) && items.map((item: unknown) => Object(item).appid), [AUTHORIZER.appId])
    },
  )

  await t.test('T17 to T20, T30, T31: paths, parameters and bodies that are none', async (t) => {
    const calls = simulator.countCalls('api_authorizer_token')
    const appIds = [
      '..%2f..%2fetc',
      '%2e%2e',
      'a%2fb',
      '%00',
      '%0d%0aX-Injected:1',
      '%F0%9F%98%80',
      'wx1',
      CANARY,
      CANARY.repeat(20),
      CANARY.repeat(200),
      '__proto__',
      'constructor',
      '*',
      'a:b',
      '%7Btag%7D',
      gateway.component.appId,
    ]
    const one = ['access_token/X', 'ticket/X?type=jsapi', 'jssdk_config/X?url=https%3A%2F%2Fa.example', 'authorizers/X']
    await gateway.attack(t, [
      ...one.flatMap((path) =>
        appIds.map((appId) =>
          row(
            'T17',
            `${path} with ${appId.slice(0, 30).replaceAll(CANARY, 'canary')}`,
            get(`${PREFIX}/${path.replace('X', appId)}`),
            400,
            INVALID,
          ),
        ),
      ),
      row('T18', 'a stranger', get(`${PREFIX}/access_token/${STRANGER_APPID}`), 404, 'AUTHORIZER_NOT_FOUND', {
        reads: true,
      }),
      ...['TRUE', '1', 'yes', '', CANARY, 'true%00'].map((force) =>
        row('T20', `force=${force.replace(CANARY, 'canary')}`, get(`${TOKEN_PATH}?force=${force}`), 400, INVALID),
      ),
      row('T20', 'force twice', get(`${TOKEN_PATH}?force=true&force=true`), 400, INVALID),
      row('T20', 'force[]', get(`${TOKEN_PATH}?force[]=true`), 400, INVALID),
      row('T20', 'a parameter that is none', get(`${TOKEN_PATH}?${CANARY}=1`), 400, INVALID),
      ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method) =>
        row('T31', method, requestBytes(method, TOKEN_PATH, { headers: auth }), 404, 'ROUTE_NOT_FOUND'),
      ),
      ...[
        '',
        '{}',
        '{"token":""}',
        '{"token":1}',
        '{"token":null}',
        '{"token":["x"]}',
        `{"token":"${'x'.repeat(1025)}"}`,
        `{"token":"x","${CANARY}":1}`,
        '{"token":',
        '{"__proto__":{"token":"x"}}',
        '[]',
        'null',
        '['.repeat(50_000),
      ].map((body) =>
        row(
          'T17',
          `${body.slice(0, 30).replace(CANARY, 'canary')} to invalid`,
          send('POST', `access_token/${AUTHORIZER.appId}/invalid`, body),
          400,
          INVALID,
        ),
      ),
      row(
        'T17',
        'a form to invalid',
        requestBytes('POST', `${TOKEN_PATH}/invalid`, {
          body: 'token=x',
          headers: { ...auth, 'content-type': 'application/x-www-form-urlencoded' },
        }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ),
      row(
        'T17',
        'over 1 MiB to invalid',
        send('POST', `access_token/${AUTHORIZER.appId}/invalid`, `{"token":"${'x'.repeat(1_048_577)}"}`),
        413,
        'BODY_TOO_LARGE',
      ),
      ...['', '?type=', '?type=JSAPI', `?type=${CANARY}`].map((query) =>
        row(
          'T17',
          `ticket${query.replace(CANARY, 'canary')}`,
          get(`${PREFIX}/ticket/${AUTHORIZER.appId}${query}`),
          400,
          INVALID,
        ),
      ),
      ...['', '?url=', '?url=javascript:x', `?url=${CANARY}`, `?url=https://${'x'.repeat(4100)}`].map((query) =>
        row(
          'T17',
          `jssdk_config${query.slice(0, 30).replace(CANARY, 'canary')}`,
          get(`${PREFIX}/jssdk_config/${AUTHORIZER.appId}${query}`),
          400,
          INVALID,
        ),
      ),
      ...[
        'limit=0',
        'limit=501',
        'limit=-1',
        'limit=1e2',
        'limit=1&limit=2',
        `cursor=${'x'.repeat(513)}`,
        'cursor=%00',
        `${CANARY}=1`,
      ].flatMap((query) =>
        ['authorizers', 'subscriptions', 'subscriptions/kept/dead-letters', 'events'].map((path) =>
          row(
            'T17',
            `${path} with ${query.slice(0, 30).replace(CANARY, 'canary')}`,
            get(`${PREFIX}/${path}?${query}`),
            400,
            INVALID,
          ),
        ),
      ),
      row('T17', 'an unknown platform', get(`/apis/v1/wx/${CANARY}/authorizers`), 404, 'PLATFORM_NOT_FOUND'),
    ])
    t.equal(simulator.countCalls('api_authorizer_token'), calls)
  })

  await t.test('a cursor is nobody’s way to anything', async (t) => {
    for (const path of ['authorizers', 'subscriptions', 'subscriptions/kept/dead-letters', 'events']) {
      for (const cursor of [
        'x',
        '0',
        '-1',
        '*',
        '99999999999999999999',
        `wx:{open1}:ticket`,
        'ev_x',
        '1:2:3',
        'eyJ4IjoxfQ==',
        '__proto__',
      ]) {
        const answer = await sendBytes(
          gateway.ports.internal,
          get(`${PREFIX}/${path}?cursor=${encodeURIComponent(cursor)}`),
        )
        t.ok(
          [200, 400].includes(answer.status),
          `${path} with ${cursor}: ${answer.status} ${answer.body.slice(0, 100)}`,
        )
      }
    }
  })

  await t.test(
    'T28, T29, T32, T33: a token is answered as JSON, uncompressed, whole, and kept by no cache',
    async (t) => {
      const answer = await sendBytes(
        gateway.ports.internal,
        get(TOKEN_PATH, {
          ...auth,
          accept: 'text/html',
          'accept-encoding': 'gzip, br',
          range: 'bytes=0-3',
          'if-none-match': '*',
          'if-modified-since': 'Tue, 24 Nov 2037 00:00:00 GMT',
        }),
      )
      t.equal(answer.status, 200)
      t.match(answer.headers.get('content-type'), /^application\/json/)
      t.equal(answer.headers.get('cache-control'), 'no-store')
      t.same(
        ['etag', 'content-encoding', 'content-range', 'access-control-allow-origin'].filter((name) =>
          answer.headers.has(name),
        ),
        [],
      )
      t.equal(parsed(answer.body)['token'], simulator.currentAccessToken(AUTHORIZER.appId))
    },
  )

  await t.test(
    'subscriptions: names, sinks, matches and schedules that are none; webhooks that lead inside',
    async (t) => {
      const put = (
        name: string,
        what: string,
        body: unknown,
        status: Attempt['status'] = 400,
        code: Attempt['code'] = INVALID,
      ) => row('S01', what, send('PUT', `subscriptions/${name}`, body), status, code)
      const sinks = [
        undefined,
        null,
        1,
        [],
        {},
        { kind: CANARY },
        { kind: 'queue', queue: CANARY },
        { kind: 'queue', prefix: 'wx' },
        { kind: 'stream', stream: 'wx:{open1}:ticket' },
        { kind: 'stream', maxLength: 0 },
        { kind: 'stream', maxLength: 1.5 },
        { kind: 'webhook' },
        { kind: 'webhook', url: 1 },
        { kind: 'webhook', url: 'https://a.example', timeoutMs: 1 },
        { kind: 'webhook', url: 'https://a.example', timeoutMs: 1e9 },
        { kind: 'webhook', url: 'https://a.example', secret: CANARY },
        { kind: 'webhook', url: 'https://a.example', secret: 'whsec_AAAA' },
        { kind: 'webhook', url: 'https://a.example', [CANARY]: 1 },
      ]
      const others = [
        { match: { authorizers: ['*'] } },
        { match: { authorizers: [`wx{${'0'.repeat(14)}}`] } },
        { match: { types: ['**'] } },
        { match: { types: ['(a+)+$'] } },
        { match: { types: [CANARY.repeat(20)] } },
        { match: { [CANARY]: [] } },
        { retry: { scheduleSeconds: [-1] } },
        { retry: { scheduleSeconds: [1e12] } },
        { retry: { scheduleSeconds: Array(51).fill(1) } },
        { retry: { scheduleSeconds: '5' } },
        { reply: 'yes' },
        { fallback: CANARY },
        { enabled: 1 },
        { name: 'another' },
        { [CANARY]: 1 },
      ]
      await gateway.attack(t, [
        ...[
          '%00',
          'A',
          '-a',
          'a_b',
          'a:b',
          '%7Ba%7D',
          '..%2fkept',
          'a'.repeat(64),
          CANARY.repeat(30),
          '__proto__',
          'a%20',
          'a%0a',
          '*',
        ].map((name) =>
          put(name, `${name.slice(0, 20).replaceAll(CANARY, 'canary')} as name`, { sink: { kind: 'queue' } }),
        ),
        ...sinks.map((sink) => put('new', `${JSON.stringify(sink)?.slice(0, 60)} as sink`, { sink })),
        ...others.map((more) => put('new', JSON.stringify(more).slice(0, 60), { sink: { kind: 'queue' }, ...more })),
        ...[...INNER_URLS, ...NO_WEBHOOK_URLS].map((url) =>
          row(
            'S02',
            `${url.slice(0, 50)} as webhook`,
            send('PUT', 'subscriptions/new', { sink: { kind: 'webhook', url } }),
            400,
            INVALID,
          ),
        ),
        ...[
          '',
          'null',
          '[]',
          '"x"',
          '{',
          '{"sink":{"kind":"queue"},"__proto__":{"enabled":false}}',
          '{"sink":{"kind":"queue","constructor":{"prototype":{}}}}',
          '['.repeat(50_000),
          '{"sink":'.repeat(20_000),
        ].map((body) => put('new', `${body.slice(0, 40)} as body`, body)),
        put('new', 'over 1 MiB', `{"x":"${'x'.repeat(1_048_577)}"}`, 413, 'BODY_TOO_LARGE'),
        row('S03', 'a query', send('PUT', `subscriptions/new?${CANARY}=1`, { sink: { kind: 'queue' } }), 400, INVALID),
        row('S04', 'an unknown one', get(`${PREFIX}/subscriptions/none`), 404, 'SUBSCRIPTION_NOT_FOUND', {
          reads: true,
        }),
        row(
          'S04',
          'deleting an unknown one',
          requestBytes('DELETE', `${PREFIX}/subscriptions/none`, { headers: auth }),
          404,
          'SUBSCRIPTION_NOT_FOUND',
          { reads: true },
        ),
        row(
          'S04',
          'testing an unknown one',
          send('POST', 'subscriptions/none/test', {}),
          404,
          'SUBSCRIPTION_NOT_FOUND',
          { reads: true },
        ),
      ])
    },
  )

  await t.test('dead letters, replies and events', async (t) => {
    const letters = 'subscriptions/kept/dead-letters'
    const text = { MsgType: 'text', Content: 'x' }
    const replies: unknown[] = [
      '',
      '{',
      'null',
      '[]',
      {},
      { reply: null },
      { reply: 'x' },
      { reply: {} },
      { reply: { MsgType: CANARY } },
      { reply: { ...text, Content: '' } },
      { reply: { ...text, ToUserName: CANARY } },
      { reply: { ...text, Content: { x: 1 } } },
      { reply: { MsgType: 'news', Articles: [] } },
      { reply: { MsgType: 'news', Articles: Array.from({ length: 9 }, () => ({ Title: 'x', Url: 'x' })) } },
      { reply: { MsgType: 'image', Image: { MediaId: 'x', [CANARY]: 'y' } } },
      { reply: text, [CANARY]: 1 },
    ]
    await gateway.attack(t, [
      ...[
        '{"ids":1}',
        '{"ids":[1]}',
        '{"ids":[""]}',
        `{"ids":${JSON.stringify(Array(1001).fill('a'))}}`,
        `{"${CANARY}":1}`,
        '{',
        '[]',
        '{"__proto__":{"ids":[]}}',
      ].map((body) =>
        row(
          'D01',
          `${body.slice(0, 30).replace(CANARY, 'canary')} to replay`,
          send('POST', `${letters}/replay`, body),
          400,
          INVALID,
        ),
      ),
      ...['ids=', 'ids=%00', `ids=${'x'.repeat(6001)}`, 'ids=a&ids=b', `${CANARY}=1`].map((query) =>
        row(
          'D02',
          `discarding ${query.slice(0, 30).replace(CANARY, 'canary')}`,
          requestBytes('DELETE', `${PREFIX}/${letters}?${query}`, { headers: auth }),
          400,
          INVALID,
        ),
      ),
      ...replies.map((body) =>
        row(
          'R01',
          `${JSON.stringify(body).slice(0, 50).replace(CANARY, 'canary')} as reply`,
          send('POST', 'replies/ev_x', body),
          400,
          ['REPLY_INVALID', INVALID],
          { reads: true },
        ),
      ),
      row('R02', 'a reply to nothing', send('POST', 'replies/ev_none', { reply: text }), 404, 'EVENT_NOT_FOUND', {
        reads: true,
      }),
      ...['%00', CANARY.repeat(20), '%0d%0a', '%20', '..%2f..'].map((id) =>
        row(
          'R03',
          `a reply to ${id.slice(0, 20).replaceAll(CANARY, 'canary')}`,
          send('POST', `replies/${id}`, { reply: text }),
          [400, 404],
          undefined,
          { reads: true },
        ),
      ),
      ...['%00', CANARY.repeat(20), '%20', '%E4%BD%A0'].map((id) =>
        row(
          'V01',
          `event ${id.slice(0, 20).replaceAll(CANARY, 'canary')}`,
          get(`${PREFIX}/events/${id}`),
          400,
          INVALID,
        ),
      ),
      ...['*', 'wx:{open1}:ticket', 'ev_none', '..%2fx', '__proto__'].map((id) =>
        row('V02', `event ${id}`, get(`${PREFIX}/events/${id}`), 404, 'EVENT_NOT_FOUND', { reads: true }),
      ),
      ...[
        'authorizer=x',
        `authorizer=${CANARY}`,
        'type=**',
        'type=a%20b',
        'from=yesterday',
        'from=9999999999',
        'to=2026-13-45T99:99:99Z',
        'from=2026-01-01&from=2026-01-02',
        `${CANARY}=1`,
      ].map((query) =>
        row('V03', `events of ${query.replace(CANARY, 'canary')}`, get(`${PREFIX}/events?${query}`), 400, INVALID),
      ),
      ...['x', '%00', '*', CANARY].map((id) =>
        row(
          'V04',
          `sync ${id.replace(CANARY, 'canary')}`,
          get(`${PREFIX}/authorizers/sync/${id}`),
          [400, 404],
          undefined,
          { reads: true },
        ),
      ),
    ])
    t.equal((await gateway.call('GET', '/subscriptions/kept')).status, 200)
  })

  await t.test(
    'T35 every call with a key leaves one line: who, what, about whom, with what outcome, and never a token',
    async (t) => {
      const [ingress] = gateway.ingresses
      await sendBytes(gateway.ports.internal, get(`${TOKEN_PATH}?force=false`, bearer(NARROW_KEY)))
      const found = await until('the line is there', () =>
        ingress?.process
          .logLines()
          .findLast(
            (line) =>
              line['msg'] === 'call.answered' &&
              line['caller'] === 'narrow' &&
              line['outcome'] === 'OK' &&
              'appid' in line,
          ),
      )
      t.match(found, {
        caller: 'narrow',
        method: 'GET',
        route: '/apis/v1/wx/:platform/access_token/:APPID',
        appid: AUTHORIZER.appId,
        outcome: 'OK',
        statusCode: 200,
      })
      const output = ingress?.process.output() ?? ''
      for (const secret of [API_KEY, NARROW_KEY, String(simulator.currentAccessToken(AUTHORIZER.appId))])
        t.notOk(output.includes(secret))
    },
  )

  await t.test("the worker's own listener repeats nothing either", async (t) => {
    const port = Number(new URL(String(gateway.workers[0]?.url)).port)
    for (const [target, status] of [
      [`/${CANARY}`, 404],
      [`/${CANARY}%zz`, 400],
      [`/healthz/${CANARY}`, 404],
      [`/metrics?${CANARY}`, 200],
    ] as const) {
      const answer = await sendBytes(port, requestBytes('GET', target))
      t.equal(answer.status, status, target.replace(CANARY, 'canary'))
      t.notMatch(answer.text, CANARY)
      if (status >= 400) assertErrorShape(t, answer, { name: 'worker', codes: ['ROUTE_NOT_FOUND', INVALID] })
    }
    t.equal((await sendBytes(port, requestBytes('HEAD', '/healthz'))).status, 404)
  })

  await t.test('T36 what strangers and unknown paths do leaves the metrics bounded', async (t) => {
    for (let index = 0; index < 200; index += 1)
      await sendBytes(gateway.ports.internal, get(`/unknown-${index}/${CANARY}`, bearer(`key-${index}`)))
    const { body } = await sendBytes(gateway.ports.internal, get('/metrics', {}))
    t.notMatch(body, new RegExp(`${CANARY}|unknown-`))
    t.ok(body.split('\n').length < 4000, `${body.split('\n').length} lines`)
  })
}
