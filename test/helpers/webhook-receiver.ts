// Owns: a webhook consumer that checks signatures and remembers what it got.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { Webhook } from 'standardwebhooks'
import type { Event } from './gateway.ts'

export type WebhookReceiver = {
  url: string
  /** `sink.secret` of the subscription; without it signatures are not checked. */
  secret: string
  received: Array<{ headers: IncomingHttpHeaders; body: string }>
  events(): Event[]
  close(): void
}

/** Answers 204, or 401 when the signature is wrong. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: WebhookReceiver['received'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      if (receiver.secret !== '') {
        try {
          new Webhook(receiver.secret).verify(body, request.headers as Record<string, string>)
        } catch {
          response.writeHead(401).end()
          return
        }
      }
      received.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    secret: '',
    received,
    events: () => received.map(({ body }) => JSON.parse(body)),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return receiver
}
