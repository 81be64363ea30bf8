// Owns: what becomes of a call when the network, the server or the caller lets it down.
import { createServer, type Socket } from 'node:net'
import got from 'got'
import t, { type Test } from 'tap'
import { freePort } from '../../helpers/free-port.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'
import { exposed } from './exposed.ts'
import { allCanaries, authorizerApi, authorizerAppId, componentApi, failure, sent } from './fixtures.ts'
import { selfSigned } from '../../helpers/certificates.ts'
import { listen, type Reply, startWeChatServer } from './wechat-server.ts'

const TIMEOUT_MS = 300
const TOLERANCE_MS = 500

const timeout = { name: 'WeChatTransportError', code: 'WECHAT_API_TIMEOUT', retry: true }
const transport = { name: 'WeChatTransportError', code: 'WECHAT_API_ERROR', retry: true }

/** The error of a call with every secret in play; it must show none of them, nor come late. */
async function failureOf(t: Test, baseUrl: string, signal?: AbortSignal): Promise<unknown> {
  const elapsedMs = startStopwatch()
  const error = await failure(
    componentApi(t, { baseUrl, timeoutMs: TIMEOUT_MS }).refreshAuthorizerToken(
      sent.componentToken,
      { authorizerAppId, authorizerRefreshToken: sent.refreshToken },
      signal && { signal },
    ),
  )
  t.ok(elapsedMs() < TIMEOUT_MS + TOLERANCE_MS, 'in time')
  const text = exposed(error)
  const found = allCanaries.filter((canary) => text.includes(canary))
  t.same(found, [], 'the error shows nothing')
  return error
}

/** A TCP server that does what it likes with a connection. */
async function serveTcp(t: Test, onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  return `http://127.0.0.1:${(await listen(t, server)).port}`
}

/** Servers that come to no end in time. */
const ENDLESS: Record<string, (t: Test) => Promise<string>> = {
  'a body that drips byte by byte': (t) =>
    serve(t, (res) => {
      const drip = setInterval(() => res.write(' '), 20)
      res.once('close', () => clearInterval(drip))
    }),
  'headers that drip byte by byte': async (t) =>
    serveTcp(t, (socket) => {
      socket.resume()
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
      const drip = setInterval(() => socket.write('a'), 20)
      socket.once('close', () => clearInterval(drip))
    }),
  'a TLS handshake that does not go on': async (t) =>
    (await serveTcp(t, (socket) => socket.resume())).replace('http:', 'https:'),
}

async function serve(t: Test, reply: Reply): Promise<string> {
  const wechat = await startWeChatServer(t)
  wechat.reply(reply)
  return wechat.baseUrl
}

void t.test('what comes to no end is cut off at the deadline', async (t) => {
  for (const [what, start] of Object.entries(ENDLESS)) t.match(await failureOf(t, await start(t)), timeout, what)
  const wechat = await startWeChatServer(t)
  wechat.reply(() => undefined)
  t.match(await failureOf(t, wechat.baseUrl), timeout, 'a server that never answers')
  t.equal(wechat.requests.length, 1, 'it is asked once')
  await until('the connection is given up', () => wechat.connections.open === 0)
  t.match(await failureOf(t, wechat.baseUrl, AbortSignal.timeout(30)), timeout, "a caller's deadline that comes first")
})

void t.test('waiting for a free connection counts against the deadline', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply(() => undefined)
  const api = componentApi(t, { baseUrl: wechat.baseUrl, timeoutMs: TIMEOUT_MS })
  const elapsedMs = startStopwatch()
  const errors = await Promise.all(Array.from({ length: 130 }, () => failure(api.startPushTicket())))
  t.ok(elapsedMs() < TIMEOUT_MS + 2 * TOLERANCE_MS)
  for (const error of errors) t.match(error, timeout)
})

void t.test('a call that is called off ends at once and is no timeout', async (t) => {
  const wechat = await startWeChatServer(t)
  const caller = new AbortController()
  wechat.reply(() => caller.abort())
  t.match(await failureOf(t, wechat.baseUrl, caller.signal), transport)
})

void t.test('a call that was called off before it began is not sent', async (t) => {
  const wechat = await startWeChatServer(t)
  t.match(await failureOf(t, wechat.baseUrl, AbortSignal.abort()), transport)
  t.equal(wechat.connections.opened, 0)
})

void t.test('a signal that outlives many calls collects no listeners', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0 })
  const api = componentApi(t, wechat)
  const { signal } = new AbortController()
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  for (let call = 0; call < 30; call += 1) await api.startPushTicket({ signal })
  await new Promise((resolve) => setImmediate(resolve))
  t.same(warnings, [])
})

const BODY = JSON.stringify({ authorizer_access_token: 'access', expires_in: 7200 })
const BROKEN: Record<string, [start: (t: Test) => Promise<string>, expected: object]> = {
  'nobody listening': [
    async () => `http://127.0.0.1:${await freePort()}`,
    { ...transport, message: 'api_authorizer_token failed (ECONNREFUSED)' },
  ],
  'a name that does not resolve': [async () => 'http://wechat.invalid', { name: 'WeChatTransportError' }],
  'an answer that is not HTTP': [(t) => serveTcp(t, (socket) => socket.end('+PONG\r\n')), transport],
  'good JSON that breaks off': [
    (t) =>
      serve(t, (res) => {
        res.setHeader('content-length', BODY.length + 10)
        res.write(BODY, () => res.socket?.destroy())
      }),
    transport,
  ],
  'good JSON without its last chunk': [
    (t) => serve(t, (res) => void res.write(BODY, () => res.socket?.destroy())),
    transport,
  ],
}

void t.test('what breaks on the way is a transport error, and the call is not repeated', async (t) => {
  for (const [what, [start, expected]] of Object.entries(BROKEN))
    t.match(await failureOf(t, await start(t)), expected, what)
  const wechat = await startWeChatServer(t)
  wechat.reply((res) => res.socket?.resetAndDestroy())
  t.match(await failureOf(t, wechat.baseUrl), { ...transport, message: 'api_authorizer_token failed (ECONNRESET)' })
  t.equal(wechat.requests.length, 1)
})

void t.test('a redirect is not followed: secrets go to WeChat only', async (t) => {
  const wechat = await startWeChatServer(t)
  const elsewhere = await startWeChatServer(t)
  for (const statusCode of [301, 302, 303, 307, 308]) {
    wechat.reply((res) => {
      res.writeHead(statusCode, { location: `${elsewhere.baseUrl}/cgi-bin/` })
      res.end()
    })
    t.match(await failureOf(t, wechat.baseUrl), {
      ...transport,
      message: `api_authorizer_token answered HTTP ${statusCode}`,
    })
  }
  t.equal(elsewhere.connections.opened, 0)
})

void t.test('an untrusted certificate gets no request, whatever NODE_TLS_REJECT_UNAUTHORIZED says', async (t) => {
  const wechat = await startWeChatServer(t, selfSigned())
  t.match(await failureOf(t, wechat.baseUrl), { ...transport, message: /DEPTH_ZERO_SELF_SIGNED_CERT/ })

  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.teardown(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
  })
  t.match(await failureOf(t, wechat.baseUrl), transport)
  t.equal(wechat.requests.length, 0)
})

void t.test('a failed GET shows its token no more than a POST does', async (t) => {
  const api = authorizerApi(t, { baseUrl: `http://127.0.0.1:${await freePort()}` })
  const text = exposed(await failure(api.getTicket(sent.accessToken, 'jsapi')))
  const found = allCanaries.filter((canary) => text.includes(canary))
  t.same(found, [])
})

void t.test("the search for canaries finds them in got's own errors, hidden as they are", async (t) => {
  const error = await failure(
    got.post(`http://127.0.0.1:${await freePort()}/cgi-bin/x`, {
      retry: { limit: 0 },
      searchParams: { component_access_token: sent.componentToken.reveal() },
      json: { code: sent.code.reveal() },
    }),
  )
  const text = exposed(new Error('wrapped', { cause: error }))
  for (const canary of [
    'component_access_token=',
    encodeURIComponent(sent.componentToken.reveal()),
    sent.code.reveal(),
  ]) {
    t.ok(text.includes(canary), canary)
  }
})
