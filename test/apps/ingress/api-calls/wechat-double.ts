// Owns: a server in WeChat's place that keeps each request as bytes and answers as a test says. It knows nothing of WeChat's rules.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { Test } from 'tap'

export type Seen = { method: string; url: string; headers: string[]; body: Buffer }
export type Answering = (response: ServerResponse, request: IncomingMessage, body: Buffer) => void

export type WeChatDouble = {
  url: string
  seen: Seen[]
  /** The last one, without its token. */
  last(): { method: string; path: string; query: string; headers: Record<string, string>; body: Buffer }
  /** For this request and all later ones: JSON, or what the function does. */
  answer(how: object | Answering): void
  /** The head has come; the body may still be on its way. */
  onHead(listener: (request: IncomingMessage, response: ServerResponse) => void): void
  connections(): number
}

export async function startWeChatDouble(t: Pick<Test, 'teardown'>): Promise<WeChatDouble> {
  const seen: Seen[] = []
  let answering: Answering = json({ errcode: 0, errmsg: 'ok' })
  let onHead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  let connections = 0
  const server = createServer((request, response) => {
    onHead?.(request, response)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.rawHeaders, body })
      answering(response, request, body)
    })
  })
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    last() {
      const request = seen.at(-1)
      if (request === undefined) throw new Error('WeChat was not called')
      const [path = '', query = ''] = request.url.split(/\?(.*)/s)
      const rest = query
        .split('&')
        .filter((pair) => !/^(component_)?access_token=/.test(pair))
        .join('&')
      const headers: Record<string, string> = {}
      for (let index = 0; index + 1 < request.headers.length; index += 2) {
        headers[(request.headers[index] ?? '').toLowerCase()] = request.headers[index + 1] ?? ''
      }
      return { method: request.method, path, query: rest, headers, body: request.body }
    },
    answer: (how) => void (answering = typeof how === 'function' ? (how as Answering) : json(how)),
    onHead: (listener) => void (onHead = listener),
    connections: () => connections,
  }
}

export function json(body: object, headers: Record<string, string> = {}): Answering {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json; encoding=utf-8', ...headers })
    response.end(JSON.stringify(body))
  }
}

export function bytes(body: string | Buffer, headers: Record<string, string | number> = {}, status = 200): Answering {
  return (response) => {
    response.writeHead(status, headers)
    response.end(body)
  }
}
