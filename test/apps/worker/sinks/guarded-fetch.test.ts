// Owns: what the way out to subscribers' addresses lets through: nothing private, no redirect, no answer without end.
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { createGuardedFetch, type GuardedFetchDeps, MAX_ANSWER_BYTES } from '@wxgw/worker'
import t, { type Test } from 'tap'
import { freePort } from '../../../helpers/free-port.ts'
import { startStopwatch } from '../../../helpers/stopwatch.ts'
import { until } from '../../../helpers/until.ts'
import { TLS_CERTIFICATE, TLS_KEY } from './tls-fixture.ts'
import { type Script, startWebhookServer } from './webhook-server.ts'

const LOOPBACK = ['127.0.0.0/8']
type HostAddress = { address: string; family: number }
const PUBLIC_ADDRESS = '93.184.216.34'
const loopbackDns = async () => [{ address: '127.0.0.1', family: 4 }]

function open(t: Test, deps: Partial<GuardedFetchDeps> = {}) {
  const guarded = createGuardedFetch({ allowNetworks: LOOPBACK, ...deps })
  t.teardown(() => guarded.close())
  return (url: string, { timeoutMs = 3_000, body = '{}', owner = 'open1 crm' } = {}) => {
    const signal = AbortSignal.timeout(timeoutMs)
    return guarded.post({ url, owner, headers: { 'content-type': 'application/json' }, body, signal })
  }
}

async function serve(t: Test, script: Script = (response) => response.end('ok')) {
  const server = await startWebhookServer(script)
  t.teardown(() => server.close())
  return server
}

async function listenRaw(t: Test, onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return `http://127.0.0.1:${address.port}/`
}

/** A server that answers with these bytes, whatever it is sent. */
const serveRaw = (t: Test, bytes: string) => listenRaw(t, (socket) => socket.once('data', () => socket.end(bytes)))

void t.test('posts the body and answers status, headers and body', async (t) => {
  const server = await serve(t, (response) => response.writeHead(201, { 'x-a': 'b' }).end('made'))
  const answer = await open(t)(`${server.url}/hook?x=1`, { body: '{"a":"你好"}' })
  t.match(answer, { outcome: 'answered', status: 201, headers: { 'x-a': 'b' }, truncated: false })
  t.equal(answer.outcome === 'answered' && answer.body.toString(), 'made')
  const headers = { host: `127.0.0.1:${server.port}`, 'content-length': '14' }
  t.match(server.received, [{ url: '/hook?x=1', body: '{"a":"你好"}', headers }])
})

void t.test('no notation of a private address reaches a server there', async (t) => {
  const canary = await serve(t)
  const { port } = canary
  const post = open(t, { allowNetworks: [], resolveHost: loopbackDns })
  const forms = [
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0x7f.0.0.1',
    '017700000001',
    '0177.1',
    '0177.0.0.01',
    '127%2e0%2e0%2e1',
    '127。0。0。1',
    '１２７.0.0.1',
    '127.0.0.1.',
    '0',
    '0.0.0.0',
    '00000000',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[::7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'localhost.localdomain',
    'ip6-localhost',
    'x.local',
    'x.internal',
    'metadata',
    // Names that resolve to the loopback.
    'rebind.example',
    '127.0.0.1.nip.example',
    'xn--fsqu00a.example',
    'crm.example.',
  ]
  for (const host of forms) {
    t.equal((await post(`http://${host}:${port}/`)).outcome, 'blocked', host)
  }
  const here = `127.0.0.1:${port}`
  for (const url of [`http:${here}`, `http:\\\\${here}`, `http://u:p@${here}`, `http://crm.example@${here}`]) {
    t.equal((await post(url)).outcome, 'blocked', url)
  }
  t.equal(canary.connections(), 0)
})

void t.test('a name that resolves to private addresses is blocked, whichever they are', async (t) => {
  for (const [address, reason] of [
    ['10.1.2.3', 'private address'],
    ['169.254.169.254', 'link-local address'],
    ['100.100.100.200', 'shared address'],
    ['::1', 'loopback address'],
    ['fd00::1', 'private address'],
    ['::ffff:169.254.169.254', 'embedded IPv4 address'],
    ['64:ff9b::a9fe:a9fe', 'embedded IPv4 address'],
    ['2002:a9fe:a9fe::1', 'embedded IPv4 address'],
    ['5f00::1', 'reserved address'],
  ] as const) {
    const post = open(t, { resolveHost: async () => [{ address, family: address.includes(':') ? 6 : 4 }] })
    t.same(await post('http://crm.example/'), { outcome: 'blocked', reason }, address)
  }
})

void t.test('of several addresses only those that may be reached are tried', async (t) => {
  const server = await serve(t)
  const addresses = [
    { address: '::1', family: 6 },
    { address: '10.0.0.1', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  const post = open(t, { resolveHost: async () => addresses })
  t.match(await post(`http://crm.example:${server.port}/`), { outcome: 'answered', status: 200 })
})

void t.test('a name is resolved for each connection, and a later private answer is blocked', async (t) => {
  const server = await serve(t, (response) => response.writeHead(200, { connection: 'close' }).end())
  const answers = ['127.0.0.1', '10.0.0.1']
  const post = open(t, { resolveHost: async () => [{ address: answers.shift() ?? 'none', family: 4 }] })
  const url = `http://rebind.example:${server.port}/`
  t.match(await post(url), { outcome: 'answered', status: 200 })
  t.same(await post(url), { outcome: 'blocked', reason: 'private address' })
})

void t.test('a socket that ended up at a private address after all is sent nothing', async (t) => {
  const canary = await serve(t)
  // The check of the name passes; the connection goes elsewhere, as behind a hijacked route or a second resolution.
  const post = open(t, {
    allowNetworks: [],
    resolveHost: async () => [{ address: PUBLIC_ADDRESS, family: 4 }],
    connect: () => connectTcp({ host: '127.0.0.1', port: canary.port }),
  })
  t.same(await post(`http://crm.example:${canary.port}/`), { outcome: 'blocked', reason: 'loopback address' })
  t.same(await post(`https://crm.example:${canary.port}/`), { outcome: 'blocked', reason: 'loopback address' })
  t.same(await post(`http://${PUBLIC_ADDRESS}:${canary.port}/`), { outcome: 'blocked', reason: 'loopback address' })
  t.equal(canary.received.length, 0)
})

void t.test('redirects are answered as they are, never followed', async (t) => {
  const canary = await serve(t)
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await serve(t, (response) => response.writeHead(status, { location: `${canary.url}/` }).end())
    t.match(await open(t)(`${server.url}/`), { outcome: 'answered', status })
  }
  t.equal(canary.connections(), 0)
})

void t.test('neither a proxy from the environment nor cookies are used', async (t) => {
  const proxy = await serve(t)
  const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'all_proxy', 'NODE_USE_ENV_PROXY']
  for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url
  t.teardown(() => names.forEach((name) => delete process.env[name]))
  const server = await serve(t, (response) => response.writeHead(200, { 'set-cookie': 'a=b' }).end())
  const post = open(t)
  await post(server.url)
  await post(server.url)
  t.equal(proxy.connections(), 0)
  t.equal(server.received.length, 2)
  t.equal(server.received[1]?.headers.cookie, undefined)
})

void t.test('a compressed answer stays compressed', async (t) => {
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const server = await serve(t, (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
  const answer = await open(t)(server.url)
  t.equal(server.received[0]?.headers['accept-encoding'], undefined)
  t.equal(answer.outcome === 'answered' && answer.body.length <= bomb.length, true)
})

void t.test('an answer is read up to 64 KB; its status counts', async (t) => {
  const exact = await serve(t, (response) => response.end(Buffer.alloc(MAX_ANSWER_BYTES)))
  t.match(await open(t)(exact.url), { outcome: 'answered', status: 200, truncated: false })
  const more = await serve(t, (response) => response.writeHead(200).end(Buffer.alloc(MAX_ANSWER_BYTES + 1)))
  t.match(await open(t)(more.url), { outcome: 'answered', status: 200, truncated: true })
})

void t.test('an answer without end is left, and its connection closed', async (t) => {
  let closed = false
  const server = await serve(t, (response) => {
    const more = () => void (response.destroyed || response.write(Buffer.alloc(32_768), () => setImmediate(more)))
    response.on('close', () => (closed = true))
    response.writeHead(500)
    more()
  })
  t.match(await open(t)(server.url), { outcome: 'answered', status: 500, truncated: true })
  await until('the endless answer is cut', () => closed)
})

void t.test('a claim of a gigabyte is not waited for', async (t) => {
  const server = await serve(t, (response) =>
    response.writeHead(200, { 'content-length': String(1024 ** 3) }).write('x'),
  )
  t.match(await open(t)(server.url), { outcome: 'answered', status: 200, truncated: true })
})

void t.test('the deadline covers a silent server, a dripping answer and a silent name server', async (t) => {
  const silent = await serve(t, () => {})
  const dripping = await serve(t, (response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(drip))
  })
  const slowDns = open(t, { resolveHost: () => new Promise(() => {}) })
  const elapsedMs = startStopwatch()
  const timedOut = { outcome: 'unreachable', reason: 'timeout' }
  const answers = await Promise.all([
    open(t)(silent.url, { timeoutMs: 200 }),
    open(t)(dripping.url, { timeoutMs: 200 }),
    slowDns('http://crm.example/', { timeoutMs: 200 }),
  ])
  for (const answer of answers) t.same(answer, timedOut)
  t.ok(elapsedMs() < 1_500)
})

void t.test('a call that is over before it begins sends nothing', async (t) => {
  const server = await serve(t)
  const guarded = createGuardedFetch({ allowNetworks: LOOPBACK })
  const answer = await guarded.post({ url: server.url, owner: 'o', headers: {}, body: '', signal: AbortSignal.abort() })
  t.same(answer, { outcome: 'unreachable', reason: 'interrupted' })
  t.equal(server.received.length, 0)
})

void t.test('what keeps a call from being answered is told in a few words', async (t) => {
  const half = await serve(t, (response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('12345', () => response.socket?.destroy())
  })
  const rows: Array<[url: string, reason: string]> = [
    [`http://127.0.0.1:${await freePort()}/`, 'connection refused'],
    [(await serve(t, (response) => response.socket?.destroy())).url, 'connection reset'],
    [half.url, 'connection reset'],
    [await serveRaw(t, 'hello\r\n\r\n'), 'malformed answer'],
    [await serveRaw(t, `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`), 'malformed answer'],
  ]
  for (const [url, reason] of rows) t.same(await open(t)(url), { outcome: 'unreachable', reason })
  const notFound = Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' })
  const nowhere = open(t, { resolveHost: () => Promise.reject(notFound) })
  t.same(await nowhere('http://crm.example/'), { outcome: 'unreachable', reason: 'name not found' })
})

void t.test('a connection is reused, and one that the peer closed meanwhile costs no failure', async (t) => {
  const server = await serve(t)
  const post = open(t)
  for (let call = 0; call < 5; call += 1) t.match(await post(server.url), { status: 200 })
  t.equal(server.connections(), 1)

  let drop = false
  const flaky = await serve(t, (response) => {
    // Closed without an answer, as a server does whose idle timeout runs out in the moment the request arrives.
    if (drop) response.socket?.destroy()
    else response.end('ok')
    drop = !drop
  })
  t.match(await post(flaky.url), { status: 200 })
  t.match(await post(flaky.url), { status: 200 })
  t.equal(flaky.received.length, 3)
})

void t.test('a reset new connection is not retried; after a closed answer a new one is made', async (t) => {
  const resetting = await serve(t, (response) => response.socket?.destroy())
  t.match(await open(t)(resetting.url), { outcome: 'unreachable' })
  t.equal(resetting.received.length, 1)

  let calls = 0
  const closing = await serve(t, (response) => {
    calls += 1
    if (calls === 2) response.socket?.destroy()
    else response.writeHead(200, { connection: 'close' }).end()
  })
  const post = open(t)
  t.match(await post(closing.url), { status: 200 })
  t.same(await post(closing.url), { outcome: 'unreachable', reason: 'connection reset' })
  t.equal(closing.received.length, 2)
})

void t.test('who begins to answer on a kept connection and breaks off is not asked again', async (t) => {
  let calls = 0
  const server = await serve(t, (response) => {
    calls += 1
    if (calls === 1) response.end('ok')
    else response.socket?.end('HTTP/1.1 100 Continue\r\n\r\n')
  })
  const post = open(t)
  t.match(await post(server.url), { status: 200 })
  t.match(await post(server.url), { outcome: 'unreachable' })
  t.equal(server.received.length, 2)
})

void t.test('calls at once have a connection each, which later calls share', async (t) => {
  const waiting: Array<() => void> = []
  const server = await serve(t, (response) => void waiting.push(() => response.end('ok')))
  const post = open(t)
  const first = [post(server.url), post(server.url), post(server.url)]
  await until('three calls are under way', () => waiting.length === 3)
  for (const answer of waiting.splice(0)) answer()
  for (const answer of await Promise.all(first)) t.match(answer, { status: 200 })
  const second = [post(server.url), post(server.url)]
  await until('two more', () => waiting.length === 2)
  for (const answer of waiting.splice(0)) answer()
  for (const answer of await Promise.all(second)) t.match(answer, { status: 200 })
  t.equal(server.connections(), 3)
})

/** A server that answers the first request of its life with these pieces, 20 ms apart, and every other with 204. */
async function serveOnce(t: Test, pieces: readonly string[]) {
  let connections = 0
  let ended = 0
  let isFirst = true
  const url = await listenRaw(t, (socket) => {
    connections += 1
    socket.on('close', () => (ended += 1))
    socket.on('data', (data) => {
      if (!data.toString('latin1').startsWith('POST')) return
      const [now = '', ...later] = isFirst ? pieces : ['HTTP/1.1 204 No Content\r\n\r\n']
      isFirst = false
      socket.write(now)
      later.forEach((piece, at) => setTimeout(() => socket.writable && socket.write(piece), 20 * (at + 1)))
    })
  })
  return { url, connections: () => connections, ended: () => ended }
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const UNASKED = 'HTTP/1.1 418 Unasked\r\ncontent-length: 0\r\n\r\n'

void t.test('what was not asked for ends a connection, and is no answer to the next call', async (t) => {
  const unasked: Array<[string, readonly string[]]> = [
    ['a second answer together with the first', [OK + UNASKED]],
    ['three answers together', [OK + UNASKED + UNASKED]],
    ['the beginning of an answer', [`${OK}HTTP/1.1 4`]],
    ['a body longer than announced', [`${OK}!`]],
    ['a body where there is none', ['HTTP/1.1 204 No Content\r\n\r\nbody']],
    ['bytes behind the last chunk', ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore']],
    ['an informational answer behind the answer', [`${OK}HTTP/1.1 103 Early Hints\r\n\r\n`]],
    ['an answer in pieces with another behind it', ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n', `ok${UNASKED}`]],
    ['an answer while nothing is asked', [OK, UNASKED]],
    ['a byte while nothing is asked', [OK, 'x']],
  ]
  for (const [what, pieces] of unasked) {
    const server = await serveOnce(t, pieces)
    const post = open(t)
    t.match(await post(server.url), { outcome: 'answered' }, what)
    await until(`${what}: the connection is ended`, () => server.ended() === 1)
    t.match(await post(server.url), { outcome: 'answered', status: 204 }, `${what}: the next call has its own`)
    t.equal(server.connections(), 2, `${what}: on another connection`)
  }
  const honest = await serveOnce(t, [OK])
  const post = open(t)
  await post(honest.url)
  await post(honest.url)
  t.equal(honest.connections(), 1, 'without any such thing it is kept')
})

void t.test('a connection is used for one subscription only', async (t) => {
  const server = await serve(t)
  const post = open(t)
  const owners = ['open1 crm', 'open1 bot', 'open2 crm']
  for (const owner of [...owners, ...owners]) t.match(await post(server.url, { owner }), { status: 200 })
  t.equal(server.connections(), owners.length)
})

void t.test('beyond a number of connections the one that was idle longest is closed', async (t) => {
  const server = await serve(t)
  const post = open(t, { maxOpen: 3 })
  for (const owner of ['a', 'b', 'c', 'd']) await post(server.url, { owner })
  t.equal(server.connections(), 4)
  for (const owner of ['b', 'c', 'd']) await post(server.url, { owner })
  t.equal(server.connections(), 4, 'these were kept')
  await post(server.url, { owner: 'a' })
  t.equal(server.connections(), 5, 'and that was not')
})

void t.test('when all connections are busy a new owner gets one; an old owner waits for its own', async (t) => {
  const waiting: Array<() => void> = []
  const server = await serve(t, (response) => void waiting.push(() => response.end('ok')))
  const post = open(t, { maxOpen: 2 })
  const calls = ['a', 'a', 'a', 'a', 'b'].map((owner) => post(server.url, { owner }))
  await until('two of a and one of b are under way', () => waiting.length === 3)
  t.equal(server.connections(), 3)
  t.same(await post(server.url, { owner: 'a', timeoutMs: 50 }), { outcome: 'unreachable', reason: 'timeout' })
  for (let answered = 0; answered < calls.length; answered += 1) {
    await until('one more is under way', () => waiting.length > 0)
    waiting.shift()?.()
  }
  for (const answer of await Promise.all(calls)) t.match(answer, { status: 200 })
  t.ok(server.connections() <= 4)
})

void t.test('a call that is given up leaves no connection and sends nothing later', async (t) => {
  let underWay = 0
  const server = await serve(t, (response) => {
    underWay += 1
    response.on('close', () => (underWay -= 1))
  })
  const post = open(t)
  const answers = await Promise.all([post(server.url, { timeoutMs: 150 }), post(server.url, { timeoutMs: 150 })])
  for (const answer of answers) t.same(answer, { outcome: 'unreachable', reason: 'timeout' })
  await until('both are closed', () => underWay === 0)

  const resolving: Array<(addresses: HostAddress[]) => void> = []
  const slow = open(t, { resolveHost: () => new Promise((resolve) => void resolving.push(resolve)) })
  const timeout = { outcome: 'unreachable', reason: 'timeout' }
  t.same(await slow(`http://crm.example:${server.port}/`, { timeoutMs: 100 }), timeout)
  const before = server.connections()
  for (const resolve of resolving) resolve([{ address: '127.0.0.1', family: 4 }])
  t.match(await post(server.url, { timeoutMs: 100 }), { outcome: 'unreachable' })
  t.equal(server.connections(), before + 1)
})

void t.test('an informational answer is not the answer', async (t) => {
  const url = await serveRaw(
    t,
    'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n',
  )
  t.match(await open(t)(url), { outcome: 'answered', status: 204, headers: { 'x-a': 'b' } })
})

void t.test('https is spoken only with a host that proves its name', async (t) => {
  const tls = { key: TLS_KEY, cert: TLS_CERTIFICATE }
  const server = await startWebhookServer((response) => response.end('ok'), { tls })
  t.teardown(() => server.close())
  const trusting = open(t, { resolveHost: loopbackDns, ca: TLS_CERTIFICATE })
  t.match(await trusting(`https://hooks.example:${server.port}/`), { outcome: 'answered', status: 200 })
  t.match(await trusting(`https://hooks.example.:${server.port}/`), { outcome: 'answered', status: 200 })
  const wrongName = { outcome: 'unreachable', reason: 'certificate of another host' }
  t.same(await trusting(`https://other.example:${server.port}/`), wrongName)
  t.same(await trusting(`https://127.0.0.1:${server.port}/`), wrongName)
  const strange = open(t, { resolveHost: loopbackDns })
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
  const untrusted = { outcome: 'unreachable', reason: 'certificate not trusted' }
  t.same(await strange(`https://hooks.example:${server.port}/`), untrusted)
  const plain = await serve(t)
  t.same(await trusting(`https://hooks.example:${plain.port}/`), { outcome: 'unreachable', reason: 'TLS failed' })
})
