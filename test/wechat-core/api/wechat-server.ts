// Owns: a local HTTP server in WeChat's place, and what it was asked. It knows nothing of WeChat's rules.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Server } from 'node:net'
import type { Test } from 'tap'

export type ReceivedRequest = {
  method: string
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
  rawBody: string
  body: unknown
}

/** What is answered next: JSON, raw text or bytes, or the response itself to play with. */
export type Reply = string | Buffer | Record<string, unknown> | ((res: ServerResponse, req: IncomingMessage) => void)

export type WeChatServer = {
  baseUrl: string
  requests: ReceivedRequest[]
  /** For this request and all later ones. */
  reply(reply: Reply): void
  /** Sockets that clients have opened so far, and those open now. */
  connections: { opened: number; open: number }
}

export async function startWeChatServer(t: Test, tls?: { key: string; cert: string }): Promise<WeChatServer> {
  const requests: ReceivedRequest[] = []
  let next: Reply = {}

  const listener: RequestListener = (req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      requests.push(received(req, Buffer.concat(chunks).toString()))
      if (typeof next === 'function') next(res, req)
      else if (typeof next === 'string' || Buffer.isBuffer(next)) res.end(next)
      else res.end(JSON.stringify(next))
    })
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const { port, connections } = await listen(t, server)
  t.teardown(() => server.closeAllConnections())
  return {
    baseUrl: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    reply: (reply) => (next = reply),
    connections,
  }
}

/** Listens on the loopback until the test ends, and counts connections. */
export async function listen(
  t: Test,
  server: Server,
): Promise<{ port: number; connections: { opened: number; open: number } }> {
  const connections = { opened: 0, open: 0 }
  server.on('connection', (socket) => {
    connections.opened += 1
    connections.open += 1
    socket.once('close', () => (connections.open -= 1))
    t.teardown(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return { port: address.port, connections }
}

function received(req: IncomingMessage, rawBody: string): ReceivedRequest {
  const url = new URL(req.url ?? '/', 'http://wechat.test')
  return {
    method: req.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: req.headers,
    rawBody,
    body: rawBody === '' ? undefined : JSON.parse(rawBody),
  }
}
