// Owns: connections to WeChat through an HTTP CONNECT proxy. TLS ends at WeChat: the proxy sees the host, never the
// content.
import { request as requestHttp, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { Secret } from '../secret.ts'

export type TunnelOptions = {
  /** `http(s)://[user:password@]host[:port]` */
  proxyUrl: Secret
  /** For the connection to the proxy and its answer. */
  timeoutMs: number
}

export type Tunnels = {
  /** `target`: `host:port`. Rejects with the code of the network's error, or with PROXY_REFUSED or PROXY_TIMEOUT. */
  open(target: string): Promise<Socket>
}

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/** No error contains the proxy's credentials. */
export function createTunnels({ proxyUrl, timeoutMs }: TunnelOptions): Tunnels {
  const proxy = new URL(proxyUrl.reveal())
  const credentials = credentialsOf(proxy)
  return { open: (target) => openTunnel({ proxy, target, credentials, timeoutMs }) }
}

type Wanted = { proxy: URL; target: string; credentials: string | undefined; timeoutMs: number }

function openTunnel({ proxy, target, credentials, timeoutMs }: Wanted): Promise<Socket> {
  const options: RequestOptions = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port || PORTS[proxy.protocol],
    path: target,
    headers: { host: target, ...(credentials === undefined ? {} : { 'proxy-authorization': credentials }) },
    agent: false,
  }
  const request =
    proxy.protocol === 'https:' ? requestHttps({ ...options, rejectUnauthorized: true }) : requestHttp(options)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(tunnelError('PROXY_TIMEOUT')), timeoutMs)
    request.once('connect', ({ statusCode }, socket, head) => {
      clearTimeout(timer)
      // From here on the socket belongs to the caller.
      if (statusCode === undefined || statusCode < 200 || statusCode > 299) {
        socket.destroy()
        reject(tunnelError('PROXY_REFUSED'))
        return
      }
      if (head.length > 0) socket.unshift(head)
      socket.setNoDelay(true)
      resolve(socket)
    })
    request.once('error', (error) => {
      clearTimeout(timer)
      reject(tunnelError('code' in error && typeof error.code === 'string' ? error.code : 'PROXY_REFUSED'))
    })
    request.end()
  })
}

/** Without a code of undici: some of those make it reconnect endlessly. */
function tunnelError(code: string): Error {
  return Object.assign(new Error('the proxy gave no tunnel'), {
    code: code.startsWith('UND_ERR_') ? 'PROXY_REFUSED' : code,
  })
}

function credentialsOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`
}
