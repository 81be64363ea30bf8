// Owns: a real HTTP server on the loopback that a test scripts as a webhook's consumer.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { Socket } from 'node:net'

export type Received = { url: string; headers: IncomingHttpHeaders; body: string }

export type WebhookServer = {
  url: string
  port: number
  received: Received[]
  /** Connections since the start. */
  connections(): number
  /** Ends the open connections, as a server that restarts does. */
  dropConnections(): void
  close(): Promise<void>
}

export type Script = (response: ServerResponse, request: IncomingMessage & { body: string }) => void

export async function startWebhookServer(
  script: Script,
  { tls }: { tls?: ServerOptions } = {},
): Promise<WebhookServer> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      received.push({ url: request.url ?? '', headers: request.headers, body })
      script(response, Object.assign(request, { body }))
    })
  }
  const server = tls ? createTlsServer(tls, onRequest) : createServer(onRequest)
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    received,
    connections: () => connections,
    dropConnections,
    async close() {
      server.close()
      dropConnections()
      await once(server, 'close')
    },
  }
}
