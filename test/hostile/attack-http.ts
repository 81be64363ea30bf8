// Owns: hostile HTTP on both listeners, whatever the route: rows H of the table, one by one.
import { connect } from 'node:net'
import type { Test } from 'tap'
import { type Attempt, AUTHORIZER, CANARY, type HostileGateway, type Listener, PREFIX } from './hostile-gateway.ts'
import { requestBytes, sendBytes } from './raw-http.ts'

const get = (target: string, headers: Record<string, string | string[]> = {}) =>
  requestBytes('GET', target, { headers })
const raw = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const post = (headers: readonly string[], body = '') =>
  `${raw(`POST ${PREFIX}/event HTTP/1.1`, 'Host: a', ...headers)}${body}`
const INVALID = 'INVALID_REQUEST'
const NOT_FOUND = 'ROUTE_NOT_FOUND'

function rows(listener: Listener): Attempt[] {
  // A route that both listeners have, so that what is refused is the request and not the route.
  const route = `${PREFIX}/authurl`
  const row = (
    id: string,
    name: string,
    bytes: string | Buffer,
    status: Attempt['status'],
    code?: Attempt['code'],
    more: Partial<Attempt> = {},
  ): Attempt => {
    return { id, name, bytes, status, ...(code === undefined ? {} : { code }), listener, ...more }
  }
  return [
    row('H01', 'POST on a GET route', requestBytes('POST', '/healthz', { body: '' }), 404, NOT_FOUND),
    row('H01', 'PUT on a GET route', requestBytes('PUT', '/healthz', { body: CANARY }), 404, NOT_FOUND),
    row('H02', 'HEAD', requestBytes('HEAD', '/healthz'), 404, undefined, {
      shapeless: true,
      check: (t, answer) => void t.equal(answer.body, ''),
    }),
    row('H03', 'TRACE', requestBytes('TRACE', '/healthz', { headers: { 'x-a': CANARY } }), 404, NOT_FOUND),
    row(
      'H04',
      'OPTIONS with Origin',
      requestBytes('OPTIONS', route, {
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
      }),
      404,
      NOT_FOUND,
    ),
    row('H05', 'CONNECT', raw('CONNECT 10.0.0.1:80 HTTP/1.1', 'Host: a'), [0, 400, 404]),
    row('H06', 'an unknown method', raw('FOO / HTTP/1.1', 'Host: a'), 400, INVALID),
    row('H07', 'HTTP/0.9', 'GET /healthz\r\n\r\n', 400, INVALID),
    row('H07', 'HTTP/1.0 without Host', raw('GET /healthz HTTP/1.0'), 200),
    row('H08', "HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, INVALID),
    row('H09', 'a TLS hello', Buffer.from('1603010200010001fc0303deadbeef', 'hex'), 400, INVALID),
    row('H10', 'no Host', raw('GET /healthz HTTP/1.1', 'Connection: close'), 400, INVALID),
    row('H11', 'two Hosts', get('/healthz', { host: ['a', 'b'] }), 400, INVALID),
    row('H12', 'an absolute target', get(`http://${CANARY}.example/healthz`), 200),
    row('H13', 'length and chunks', post(['Content-Length: 3', 'Transfer-Encoding: chunked'], 'abc'), 400, INVALID),
    row('H14', 'xchunked', post(['Transfer-Encoding: xchunked'], 'abc'), listener === 'public' ? 400 : [400, 404]),
    row('H15', 'chunked, identity', post(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'), 400, INVALID),
    row(
      'H15',
      'two Transfer-Encodings',
      post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], '0\r\n\r\n'),
      400,
      INVALID,
    ),
    row('H16', 'two lengths', post(['Content-Length: 3', 'Content-Length: 4'], 'abcd'), 400, INVALID),
    ...['-1', '+5', '0x10', '1e3', '5, 5'].map((length) =>
      row('H17', `a length of ${length}`, post([`Content-Length: ${length}`], 'abcde'), 400, INVALID),
    ),
    row('H18', 'a blank before the colon', post(['Content-Length : 3'], 'abc'), 400, INVALID),
    row('H19', 'bare line feeds', 'GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n', 400, INVALID),
    row('H20', 'a folded header', raw('GET /healthz HTTP/1.1', 'Host: a', `X-A: b\r\n ${CANARY}`), 400, INVALID),
    ...['\0', '\x7f', '\x0b'].map((control) =>
      row(
        'H21',
        `${JSON.stringify(control)} in a header`,
        raw('GET /healthz HTTP/1.1', 'Host: a', `X-A: ${CANARY}${control}`),
        400,
        INVALID,
      ),
    ),
    row('H22', '9 KB of one header', get('/healthz', { 'x-a': CANARY.repeat(900) }), 431, INVALID),
    row(
      'H23',
      '2,500 headers',
      raw('GET /healthz HTTP/1.1', 'Host: a', ...Array<string>(2500).fill('a: b')),
      431,
      INVALID,
    ),
    row(
      'H23',
      '101 headers',
      raw('GET /healthz HTTP/1.1', 'Host: a', 'Connection: close', ...Array<string>(101).fill('a: b')),
      431,
      INVALID,
    ),
    row('H24', 'a target of 9 KB', get(`/${CANARY.repeat(900)}`), [414, 431], INVALID),
    row(
      'H25',
      'an endless chunk size',
      post(['Transfer-Encoding: chunked'], 'FFFFFFFFFFFFFFFFF\r\n'),
      listener === 'public' ? 400 : [400, 404],
    ),
    row(
      'H25',
      '1 MB of chunk extension',
      post(['Transfer-Encoding: chunked'], `3;a=${'x'.repeat(1_048_576)}\r\n`),
      listener === 'public' ? [400, 413] : [400, 404, 413],
    ),
    row(
      'H26',
      'trailers',
      `${post(['Transfer-Encoding: chunked', 'Trailer: Authorization', 'Connection: close'], '3\r\nabc\r\n0\r\n')}Authorization: Bearer ${CANARY}\r\nHost: evil\r\n\r\n`,
      listener === 'public' ? 401 : 404,
    ),
    row(
      'H27',
      'an announced body of 10 MB',
      post(['Content-Length: 10000000', 'Content-Type: text/xml']),
      listener === 'public' ? 413 : 404,
    ),
    row(
      'H28',
      'chunks beyond the limit',
      `${post(['Transfer-Encoding: chunked', 'Content-Type: text/xml'])}${`80000\r\n${' '.repeat(0x80000)}\r\n`.repeat(3)}`,
      listener === 'public' ? 401 : 404,
    ),
    row('H37', 'another expectation', post(['Expect: foo', 'Content-Length: 3'], 'abc'), 417, INVALID),
    row('H38', 'Upgrade: websocket', get('/healthz', { connection: 'Upgrade, close', upgrade: 'websocket' }), 200),
    row(
      'H38',
      'Upgrade: h2c',
      get('/healthz', { connection: 'Upgrade, close', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' }),
      200,
    ),
    ...['gzip', 'br', 'deflate', 'identity'].map((encoding) =>
      row(
        'H39',
        `content-encoding ${encoding}`,
        requestBytes('POST', route, {
          headers: { 'content-type': 'application/json', 'content-encoding': encoding },
          body: '{}',
        }),
        listener === 'public' ? 415 : [401, 415],
      ),
    ),
    ...['gbk', 'utf-16', 'utf-7'].map((charset) =>
      row(
        'H40',
        `charset ${charset}`,
        requestBytes('POST', route, {
          headers: { 'content-type': `application/json; charset=${charset}` },
          body: '{}',
        }),
        listener === 'public' ? 415 : [401, 415],
      ),
    ),
    ...[
      `/${route}`,
      `${route}/`,
      route.toUpperCase(),
      `${PREFIX}/./authurl`,
      `${PREFIX}/%2e/authurl`,
      `${route};x=1`,
      `/x/..${route}`,
      `${route}%00`,
      `${route}%2f`,
    ].map((target) =>
      row('H41', `a path that is nearly one: ${target}`, get(target), [400, 404], [INVALID, NOT_FOUND]),
    ),
    ...['%', '%zz', '%C0%AE'].flatMap((escape) => [
      row('H42', `${escape} in the path`, get(`/${CANARY}${escape}`), 400, INVALID),
      row('H42', `${escape} in the query`, get(`/healthz?a=${CANARY}${escape}`), 400, INVALID),
    ]),
    row('H43', 'NUL in the path', get(`/${CANARY}%00`), [400, 404], [INVALID, NOT_FOUND]),
    row('H43', 'NUL in the query', get(`/healthz?a=${CANARY}%00`), 400, INVALID),
    row('H44', 'line ends in the path', get(`/%0d%0aX-Injected:${CANARY}`), [400, 404], [INVALID, NOT_FOUND]),
    row('H44', 'line ends in the query', get(`/healthz?a=%0d%0aX-Injected:${CANARY}`), 400, INVALID),
    row(
      'H45',
      'forwarding headers of nobody',
      get('/nowhere', {
        'x-forwarded-for': CANARY,
        'x-forwarded-host': CANARY,
        'x-forwarded-proto': 'gopher',
        'x-real-ip': '::1',
        'x-original-url': '/healthz',
        'x-rewrite-url': '/healthz',
      }),
      404,
      NOT_FOUND,
    ),
    row(
      'H45',
      'X-HTTP-Method-Override',
      requestBytes('POST', '/healthz', { headers: { 'x-http-method-override': 'GET' }, body: '' }),
      404,
      NOT_FOUND,
    ),
    row('H46', 'a repeated name', get('/healthz?a=1&a=2'), 400, INVALID),
    row('H47', '__proto__', get(`${route}?__proto__=${CANARY}`), listener === 'public' ? 400 : 401),
    row(
      'H47',
      'constructor[prototype]',
      get(`${route}?constructor[prototype][y]=1`),
      listener === 'public' ? 400 : 401,
    ),
    row(
      'H48',
      '1,000 parameters',
      get(`/healthz?${Array.from({ length: 1000 }, (_, index) => `a${index}=1`).join('&')}`),
      400,
      INVALID,
    ),
    row('H49', '7 KB of Cookie', get('/nowhere', { cookie: `${CANARY}=${'x'.repeat(7000)}` }), 404, NOT_FOUND),
    row(
      'H49',
      '7 KB of Authorization',
      get(route, { authorization: `Bearer ${CANARY}${'x'.repeat(7000)}` }),
      listener === 'public' ? [200, 400] : 401,
      undefined,
      { reads: listener === 'public', writes: listener === 'public' },
    ),
    row(
      'H50',
      'a poisonous User-Agent',
      get('/nowhere', {
        'user-agent': `\${jndi:ldap://${CANARY}} \u001b[31m`.replace('\u001b', '') + 'x'.repeat(4000),
      }),
      404,
      NOT_FOUND,
    ),
    row(
      'H53',
      'a request id of its own',
      get('/nowhere', {
        'x-request-id': CANARY,
        'request-id': CANARY,
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      }),
      404,
      NOT_FOUND,
    ),
  ]
}

export async function attackHttp(t: Test, gateway: HostileGateway): Promise<void> {
  for (const listener of ['public', 'internal'] as const) {
    await t.test(`on the ${listener} listener`, (t) => gateway.attack(t, rows(listener)))
  }

  await t.test('H02 HEAD, and H04 OPTIONS, are 404 on every route there is', async (t) => {
    const routes = [
      ...[
        'event',
        `${AUTHORIZER.appId}/callback`,
        'authurl',
        'authorize',
        'authorized?auth_code=x',
        'mpinfo?auth_code=x',
      ].map((path) => ['public', `${PREFIX}/${path}`] as const),
      ['public', '/healthz'] as const,
      ...[
        '/healthz',
        '/readyz',
        '/metrics',
        '/docs',
        '/docs/',
        '/docs/json',
        '/docs/static/index.html',
        '/openapi.json',
      ].map((path) => ['internal', path] as const),
      ...[
        ...[
          'authurl',
          'mpinfo?auth_code=x',
          `access_token/${AUTHORIZER.appId}?force=true`,
          'component_access_token',
          `ticket/${AUTHORIZER.appId}?type=jsapi`,
        ],
        ...[
          `jssdk_config/${AUTHORIZER.appId}?url=https://a.example`,
          'authorizers',
          `authorizers/${AUTHORIZER.appId}`,
          'authorizers/sync/x',
          'subscriptions',
        ],
        ...['subscriptions/everything', 'subscriptions/everything/dead-letters', 'events', 'events/x'],
      ].map((path) => ['internal', `${PREFIX}/${path}`] as const),
    ]
    const headers = { ...gateway.auth, origin: 'https://evil.example' }
    await gateway.attack(
      t,
      routes.flatMap(([listener, target]): Attempt[] => [
        {
          id: 'H02',
          name: `HEAD ${target}`,
          listener,
          bytes: requestBytes('HEAD', target, { headers }),
          status: 404,
          shapeless: true,
        },
        {
          id: 'H04',
          name: `OPTIONS ${target}`,
          listener,
          bytes: requestBytes('OPTIONS', target, { headers }),
          status: 404,
          code: NOT_FOUND,
        },
      ]),
    )
  })

  await t.test(
    'H34 a thousand pipelined requests are answered in order, on a socket of bounded appetite',
    async (t) => {
      const last = get('/nowhere')
      const many = Buffer.concat([Buffer.from('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1000)), last])
      const socket = connect({ port: gateway.ports.public, host: '127.0.0.1' })
      socket.write(many)
      let text = ''
      for await (const chunk of socket) text += String(chunk)
      t.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 1000)
      t.match(text.slice(text.lastIndexOf('HTTP/1.1')), /^HTTP\/1\.1 404/)
    },
  )

  await t.test('H51 three hundred clients that hang up in the middle leave nothing', async (t) => {
    const whole = requestBytes('POST', `${PREFIX}/event`, {
      body: 'x'.repeat(5000),
      headers: { 'content-type': 'text/xml' },
    })
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const socket = connect({ port: gateway.ports.public, host: '127.0.0.1' })
        socket.on('error', () => undefined)
        await new Promise<void>((resolve) => socket.once('connect', resolve))
        socket.write(whole.subarray(0, (index * 17) % whole.length), () => socket.destroy())
        await new Promise<void>((resolve) => socket.once('close', () => resolve()))
      }),
    )
    t.equal((await sendBytes(gateway.ports.public, get('/healthz'))).status, 200)
  })
}
