// Owns: one POST to the gateway with a deadline, on a keep-alive connection. It uses node:http: in a load test, the
// simulator must cost less CPU than the gateway.
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { EncryptedPush } from './envelope.ts'

/** `unreachable`: connection refused or reset, unknown host, or an answer that was cut off. */
export type PostResult = Outcome & { ms: number }

type Outcome = { kind: 'answered'; status: number; body: string } | { kind: 'timeout' | 'unreachable'; detail: string }

export type Poster = {
  /** The deadline covers DNS, connection, request and the whole answer. */
  post(push: Pick<EncryptedPush, 'url' | 'body' | 'headers'>, deadlineMs: number): Promise<PostResult>
  /** Destroys all connections, with their requests. */
  close(): void
}

export function createPoster(): Poster {
  // No limit on sockets: a queued push would spend its deadline before it is sent.
  const http = new HttpAgent({ keepAlive: true })
  const https = new HttpsAgent({ keepAlive: true })

  return {
    post: ({ url, body, headers }, deadlineMs) =>
      new Promise((resolve) => {
        const startedAt = performance.now()
        const isSecure = url.startsWith('https:')
        const request = (isSecure ? httpsRequest : httpRequest)(url, {
          agent: isSecure ? https : http,
          method: 'POST',
          headers: {
            ...headers,
            'content-length': Buffer.byteLength(body),
            'user-agent': 'Mozilla/4.0',
            accept: '*/*',
          },
        })
        const timer = setTimeout(() => {
          settle({ kind: 'timeout', detail: `no answer in ${deadlineMs} ms` })
          request.destroy()
        }, deadlineMs)

        // Only the first outcome counts: a destroyed request still emits an error.
        function settle(outcome: Outcome) {
          clearTimeout(timer)
          resolve({ ...outcome, ms: Math.round(performance.now() - startedAt) })
        }

        request.on('error', (error: NodeJS.ErrnoException) =>
          settle({ kind: 'unreachable', detail: error.code ?? error.name }),
        )
        request.on('response', (response) => {
          readBody(response).then(
            (text) => settle({ kind: 'answered', status: response.statusCode ?? 0, body: text }),
            (error: NodeJS.ErrnoException) => settle({ kind: 'unreachable', detail: error.code ?? error.name }),
          )
        })
        request.end(body)
      }),
    close: () => {
      http.destroy()
      https.destroy()
    },
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))
  return Buffer.concat(chunks).toString('utf8')
}
