// Owns: an HTTP CONNECT proxy for a test, and whom it was asked for.
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'

export type ConnectProxy = {
  url: string
  /** `host:port` of each tunnel. */
  targets: string[]
  /** Ends the tunnels that there are, and refuses others. */
  refuse(): void
  close(): void
}

/** `credentials`: `user:password` as in a URL, without which nobody gets a tunnel. */
export async function startConnectProxy(credentials?: string): Promise<ConnectProxy> {
  const targets: string[] = []
  const tunnels = new Set<{ destroy(): unknown }>()
  let refuses = false
  const wanted =
    credentials === undefined ? undefined : `Basic ${Buffer.from(decodeURIComponent(credentials)).toString('base64')}`
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connect', (request, client, head) => {
    client.on('error', () => client.destroy())
    if (refuses || request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    targets.push(request.url ?? '')
    tunnels.add(client)
    const [host, port] = (request.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}`,
    targets,
    refuse: () => {
      refuses = true
      for (const tunnel of tunnels) tunnel.destroy()
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
