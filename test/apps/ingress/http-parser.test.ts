// Owns: what happens below the routes: requests that are no HTTP, too large, too slow, or ambiguous. Real sockets.
import t from 'tap'
import { APPID_A, NOW_MS } from './samples.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { exchange, listen, open, readToEnd } from './raw-client.ts'
import { componentDocument, queryText, sealPush } from './sealed-push.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'

const CANARY = 'canary-xyz'
const get = (target: string, headers = 'Host: a\r\n') => `GET ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`
const post = (headers: string, body = '') => `POST ${PREFIX}/event HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`

type Row = [name: string, request: string | Buffer, status: number, code: string]

const ROWS: Row[] = [
  ['an unknown method', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'INVALID_REQUEST'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'INVALID_REQUEST'],
  ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex'), 400, 'INVALID_REQUEST'],
  ['no Host', get('/healthz', ''), 400, 'INVALID_REQUEST'],
  ['two Hosts', get('/healthz', 'Host: a\r\nHost: b\r\n'), 400, 'INVALID_REQUEST'],
  ['length and chunks', post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', 'abc'), 400, 'INVALID_REQUEST'],
  ['xchunked', post('Transfer-Encoding: xchunked\r\n', 'abc'), 400, 'INVALID_REQUEST'],
  ['two lengths', post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'), 400, 'INVALID_REQUEST'],
  ...['-1', '+5', '0x10', '1e3', '5, 5'].map((length): Row => {
    return [`a length of ${length}`, post(`Content-Length: ${length}\r\n`, 'abcde'), 400, 'INVALID_REQUEST']
  }),
  ['a blank before the colon', post('Content-Length : 3\r\n', 'abc'), 400, 'INVALID_REQUEST'],
  ['bare line feeds', 'GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n', 400, 'INVALID_REQUEST'],
  ['a folded header', get('/healthz', `Host: a\r\nX-A: b\r\n ${CANARY}\r\n`), 400, 'INVALID_REQUEST'],
  ['NUL in a header', get('/healthz', `Host: a\r\nX-A: ${CANARY}\0\r\n`), 400, 'INVALID_REQUEST'],
  ['9 KB of one header', get('/healthz', `Host: a\r\nX-A: ${'a'.repeat(9216)}\r\n`), 431, 'INVALID_REQUEST'],
  ['2,500 headers', get('/healthz', `Host: a\r\n${'a: b\r\n'.repeat(2500)}`), 431, 'INVALID_REQUEST'],
  ['a target of 9 KB', get(`/${CANARY}${'a'.repeat(9216)}`), 431, 'INVALID_REQUEST'],
  ['an endless chunk size', post('Transfer-Encoding: chunked\r\n', 'FFFFFFFFFFFFFFFFF\r\n'), 400, 'INVALID_REQUEST'],
  ['an expectation', post('Expect: foo\r\nContent-Length: 3\r\n', 'abc'), 417, 'INVALID_REQUEST'],
  ['a broken path', get(`/%zz${CANARY}`), 400, 'INVALID_REQUEST'],
  ['an overlong encoding in the path', get(`/%C0%AE${CANARY}`), 400, 'INVALID_REQUEST'],
  ['a broken query', get(`/healthz?a=%zz${CANARY}`), 400, 'INVALID_REQUEST'],
  ['NUL in the query', get(`/healthz?a=${CANARY}%00`), 400, 'INVALID_REQUEST'],
  ['line breaks in the query', get(`/healthz?a=%0d%0aX-Injected:1`), 400, 'INVALID_REQUEST'],
  ['a repeated query name', get('/healthz?a=1&a=2'), 400, 'INVALID_REQUEST'],
  [
    'dots for an appid',
    post('', '').replace('/event', '/%2e%2e/callback').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    400,
    'INVALID_REQUEST',
  ],
  ['line breaks in the path', get(`${PREFIX}/%0d%0aX-Injected:1/callback`), 400, 'INVALID_REQUEST'],
  ['an unknown route', get(`/${CANARY}`), 404, 'ROUTE_NOT_FOUND'],
  ['two slashes', get(`/${PREFIX}/authurl`), 404, 'ROUTE_NOT_FOUND'],
  ['a slash at the end', get(`${PREFIX}/authurl/`), 404, 'ROUTE_NOT_FOUND'],
  ['upper case', get(`${PREFIX}/AUTHURL`), 404, 'ROUTE_NOT_FOUND'],
  ['a dot', get(`${PREFIX}/./authurl`), 404, 'ROUTE_NOT_FOUND'],
  ['a semicolon', get(`${PREFIX}/authurl;x=1`), 404, 'ROUTE_NOT_FOUND'],
  ['another method', post('Connection: close\r\n').replace('/event', '/mpinfo'), 404, 'ROUTE_NOT_FOUND'],
  [
    'TRACE',
    `TRACE /healthz HTTP/1.1\r\nHost: a\r\nX-A: ${CANARY}\r\nConnection: close\r\n\r\n`,
    404,
    'ROUTE_NOT_FOUND',
  ],
  [
    'OPTIONS',
    'OPTIONS /healthz HTTP/1.1\r\nHost: a\r\nOrigin: https://evil\r\nConnection: close\r\n\r\n',
    404,
    'ROUTE_NOT_FOUND',
  ],
  ['an announced body of 10 MB', post('Content-Length: 10000000\r\nContent-Type: text/xml\r\n'), 413, 'BODY_TOO_LARGE'],
]

void t.test('what the parser or the router refuse has the shape of every other error, without an echo', async (t) => {
  const { publicServer, fake } = createGateway(t)
  const port = await listen(publicServer)
  for (const [name, request, status, code] of ROWS) {
    const answer = await exchange(port, request)
    t.equal(answer.status, status, name)
    t.match(answer.headers.toLowerCase(), 'content-type: application/json', name)
    const { requestId, message, error, ...rest } = JSON.parse(answer.body) as Record<string, unknown>
    t.same(rest, { statusCode: status, code }, name)
    t.ok(requestId && message && error, name)
    t.notMatch(answer.text, /canary|x-injected|evil|access-control|fastify|node/i, name)
    t.match(answer.headers.toLowerCase(), 'x-content-type-options: nosniff', name)
    t.match(answer.headers.toLowerCase(), 'cache-control: no-store', name)
  }
  t.equal(fake.calls.length, 0)
  t.equal((await exchange(port, get('/healthz'))).status, 200, 'well afterwards')
})

void t.test('HEAD is not served', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const answer = await exchange(port, 'HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.equal(answer.status, 404)
  t.equal(answer.body, '')
})

void t.test('CONNECT and a line without a version end in a closed socket', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  t.notMatch((await exchange(port, 'CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: a\r\n\r\n')).text, ' 200 ')
  t.notMatch((await exchange(port, 'GET /healthz\r\n\r\n')).text, ' 200 ')
})

void t.test('an absolute target is read as its path, an upgrade is not made', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const absolute = await exchange(port, get('http://evil.example/healthz'))
  t.equal(absolute.status, 200)
  t.notMatch(absolute.text, 'evil')
  t.equal((await exchange(port, get('/healthz', 'Host: a\r\nUpgrade: websocket\r\n'))).status, 200)
})

void t.test('a request id is never the client’s', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  t.notMatch(
    (await exchange(port, get('/x', `Host: a\r\nX-Request-Id: ${CANARY}\r\nRequest-Id: ${CANARY}\r\n`))).text,
    CANARY,
  )
})

void t.test('who is told early that the body is too large still gets to read it', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const { query, body } = sealPush(componentDocument('x', NOW_MS / 1000), NOW_MS / 1000)
  const large = body + ' '.repeat(4_000_000)
  const target = `${PREFIX}/event?${queryText(query)}`
  for (let round = 0; round < 5; round += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${target}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: large,
    })
    t.equal(answer.status, 413)
    t.match(await answer.json(), { code: 'BODY_TOO_LARGE' })
  }
  const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`
  const head = `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n`
  const chunked = await exchange(port, `${head}${chunk}${chunk}${chunk}`)
  t.equal(chunked.status, 413)
  t.match(chunked.headers.toLowerCase(), 'connection: close')
})

void t.test('a push that its head condemns is refused before its body comes', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const { query } = sealPush('', NOW_MS / 1000)
  const refused: Array<[Record<string, string>, string, string]> = [
    [{}, 'text/xml', 'SIGNATURE_MISMATCH'],
    [{ ...query, msg_signature: 'x' }, 'text/xml', 'SIGNATURE_MISMATCH'],
    [{ ...query, timestamp: String(NOW_MS / 1000 - 601) }, 'text/xml', 'TIMESTAMP_OUT_OF_RANGE'],
    [query, 'application/json', 'UNSUPPORTED_MEDIA_TYPE'],
  ]
  for (const route of ['event', `${APPID_A}/callback`]) {
    for (const [given, type, code] of refused) {
      const head = `POST ${PREFIX}/${route}?${queryText(given)} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 1048576\r\n\r\n`
      const answer = await exchange(port, head)
      t.equal(JSON.parse(answer.body).code, code, `${route} ${code}`)
      t.match(answer.headers.toLowerCase(), 'connection: close')
    }
  }
})

void t.test('a connection lives on after an error whose request was read to its end', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const socket = await open(port)
  socket.write(`POST ${PREFIX}/${APPID_A}/callback HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`)
  socket.write(get('/healthz'))
  const { text } = await readToEnd(socket)
  t.match(text, /HTTP\/1\.1 401[^]*SIGNATURE_MISMATCH[^]*HTTP\/1\.1 200 OK/)
})

void t.test('pipelined requests are answered in order', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const many = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(300)
  const { text } = await exchange(port, many + get('/nowhere'))
  t.equal(text.match(/HTTP\/1\.1 200/g)?.length, 300)
  t.match(text.slice(text.lastIndexOf('HTTP/1.1')), '404')
})

void t.test('slow clients are given up, with a word where one can still be said', async (t) => {
  const { publicServer } = createGateway(t)
  const port = await listen(publicServer)
  const slowHeaders = open(port).then((socket) => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ')
    return readToEnd(socket)
  })
  const slowBody = open(port).then((socket) => {
    socket.write(
      `POST ${PREFIX}/event?${queryText(sealPush('', NOW_MS / 1000).query)} HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\nabc`,
    )
    return readToEnd(socket)
  })
  const silent = open(port).then(async (socket) => {
    const elapsedMs = startStopwatch()
    await readToEnd(socket).catch(() => undefined)
    return elapsedMs()
  })
  const [headers, body, silence] = await Promise.all([slowHeaders, slowBody, silent])
  t.equal(headers.status, 408)
  t.match(JSON.parse(headers.body), { statusCode: 408, code: 'INVALID_REQUEST' })
  t.ok(headers.afterMs < 4500, `headers: ${headers.afterMs} ms`)
  t.equal(body.status, 408)
  t.ok(body.afterMs < 6500, `body: ${body.afterMs} ms`)
  t.ok(silence < 7000, `silence: ${silence} ms`)
})
