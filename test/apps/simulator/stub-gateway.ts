// Owns: a gateway's two push URLs with scripted answers, on a real socket.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { decryptMessage, readXml, textOf, type XmlFields } from '@wxgw/simulator'

export type ReceivedPush = {
  path: string
  query: URLSearchParams
  body: string
  contentType: string
  /** Decrypted with `encodingAesKey`. */
  plaintext: string
  receiveId: string
  fields: XmlFields
}

/** undefined = never answers. */
export type StubAnswer = { status?: number; body: string } | undefined

export type StubGateway = {
  url: string
  eventUrl: string
  callbackUrl: string
  received: ReceivedPush[]
  /** Decides the answers from now on; `success` until set. */
  answerWith(answer: (push: ReceivedPush, index: number) => StubAnswer | Promise<StubAnswer>): void
  close(): Promise<void>
}

export async function startStubGateway(encodingAesKey: string): Promise<StubGateway> {
  const received: ReceivedPush[] = []
  let decide: (push: ReceivedPush, index: number) => StubAnswer | Promise<StubAnswer> = () => ({ body: 'success' })

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const url = new URL(request.url ?? '/', 'http://stub')
    const body = Buffer.concat(chunks).toString('utf8')
    const { plaintext, receiveId } = decryptMessage(encodingAesKey, textOf(readXml(body) ?? {}, 'Encrypt'))
    const contentType = request.headers['content-type'] ?? ''
    const push = {
      path: url.pathname,
      query: url.searchParams,
      body,
      contentType,
      plaintext,
      receiveId,
      fields: readXml(plaintext) ?? {},
    }
    received.push(push)
    const answer = await decide(push, received.length - 1)
    if (answer) response.writeHead(answer.status ?? 200, { 'content-type': 'text/plain' }).end(answer.body)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const url = `http://127.0.0.1:${address.port}`
  return {
    url,
    eventUrl: `${url}/event`,
    callbackUrl: `${url}/$APPID$/callback`,
    received,
    answerWith: (answer) => {
      decide = answer
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
