// What the worker's own listener answers, whatever it is sent: every refusal in the shape of the ingress', and never a fault of its own.
import { createHealthServer } from '@wxgw/worker'
import t from 'tap'
import { exchange, listen } from '../ingress/raw-client.ts'

async function start(t: Tap, text = async () => 'figures') {
  const server = createHealthServer({ readiness: [], metrics: { contentType: 'text/plain', text } })
  t.teardown(() => server.close())
  return listen(server)
}

type Tap = Pick<typeof t, 'teardown'>
const request = (head: string, ...headers: string[]) =>
  [head, 'host: x', 'connection: close', ...headers, '', ''].join('\r\n')
const BODY = 'x'.repeat(2_000_000)
const sized = (body: string, type: string) => [`content-length: ${body.length}`, `content-type: ${type}`]

void t.test('whatever it is sent is answered in the shape of an error, and it goes on', async (t) => {
  const port = await start(t)
  const table: Array<[what: string, sent: string, status: number, code: string]> = [
    ['an unknown path', request('GET /nowhere HTTP/1.1'), 404, 'ROUTE_NOT_FOUND'],
    ['an encoded path', request('GET /%zz HTTP/1.1'), 400, 'INVALID_REQUEST'],
    ['a long path', request(`GET /${'x'.repeat(7_000)} HTTP/1.1`), 404, 'ROUTE_NOT_FOUND'],
    ['long headers', request('GET /healthz HTTP/1.1', `x: ${'y'.repeat(40_000)}`), 431, 'INVALID_REQUEST'],
    ['no HTTP', 'hello\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['an expectation', request('GET /healthz HTTP/1.1', 'expect: miracles'), 417, 'INVALID_REQUEST'],
    [
      'two lengths',
      request('POST /healthz HTTP/1.1', 'content-length: 1', 'content-length: 2'),
      400,
      'INVALID_REQUEST',
    ],
    [
      'a poisoned prototype',
      request('POST / HTTP/1.1', ...sized('{"__proto__":1}', 'application/json')) + '{"__proto__":1}',
      404,
      'ROUTE_NOT_FOUND',
    ],
  ]
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND']) {
    for (const path of ['/', '/healthz', '/readyz', '/metrics', '/nowhere']) {
      table.push([`${method} ${path}`, request(`${method} ${path} HTTP/1.1`), 404, 'ROUTE_NOT_FOUND'])
    }
  }
  for (const type of [
    'application/json',
    'text/plain',
    'text/xml',
    'application/x-www-form-urlencoded',
    'nonsense',
    '',
  ]) {
    for (const path of ['/healthz', '/nowhere']) {
      const head = `POST ${path} HTTP/1.1`
      table.push([`2 MB of ${type} to ${path}`, request(head, ...sized(BODY, type)) + BODY, 404, 'ROUTE_NOT_FOUND'])
      table.push([`a little of ${type} to ${path}`, request(head, ...sized('{', type)) + '{', 404, 'ROUTE_NOT_FOUND'])
    }
  }
  const chunked = `${(2_000_000).toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
  table.push([
    '2 MB in chunks',
    request('POST /healthz HTTP/1.1', 'transfer-encoding: chunked') + chunked,
    404,
    'ROUTE_NOT_FOUND',
  ])
  for (const [what, sent, status, code] of table) {
    const answer = await exchange(port, sent)
    t.equal(answer.status, status, what)
    if (sent.startsWith('HEAD')) continue
    const body: unknown = JSON.parse(answer.body)
    t.match(body, { statusCode: status, code, error: /\w/, message: /\w/, requestId: /^[0-9a-f]{12}-/ }, what)
    t.same(Object.keys(Object(body)), ['statusCode', 'code', 'error', 'message', 'requestId'], what)
  }
  for (const sent of [request('GET /healthz HTTP/1.1'), 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n']) {
    const { status, body } = await exchange(port, sent)
    t.same([status, body], [200, '{"status":"ok"}'])
  }
})

void t.test('a fault of its own says nothing of itself', async (t) => {
  const port = await start(t, () => Promise.reject(new Error('secret')))
  const answer = await exchange(port, request('GET /metrics HTTP/1.1'))
  t.equal(answer.status, 500)
  t.match(JSON.parse(answer.body), { statusCode: 500, code: 'INTERNAL', message: 'an internal error occurred' })
  t.notMatch(answer.text, /secret/)
})
