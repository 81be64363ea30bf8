// Owns: a reader of a stream of events, as a browser reads one: what is not complete was not received.
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GatewayServer } from '@wxgw/ingress'
import { PREFIX } from './gateway-fixture.ts'

export type Block = {
  event: string | undefined
  id: string | undefined
  data: string | undefined
  comment: string | undefined
}

export type Reader = {
  status: number
  headers: IncomingMessage['headers']
  /** Events and gaps. */
  received: Block[]
  comments: number
  /** The id of the last block. */
  position(): string | undefined
  ended(): boolean
  pause(): void
  kill(): void
  /** Of an answer that is no stream. */
  text(): string
}

export type ReadOptions = { headers: Record<string, string>; query?: string; lastEventId?: string | undefined }

export async function listen(server: GatewayServer): Promise<number> {
  await server.listen({ host: '127.0.0.1', port: 0 })
  return (server.server.address() as AddressInfo).port
}

export function readStream(port: number, { headers, query = '', lastEventId }: ReadOptions): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const resumed = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    const path = `${PREFIX}/events/stream${query}`
    const call = request({ port, path, host: '127.0.0.1', headers: { ...headers, ...resumed }, agent: false })
    call.once('error', reject)
    call.once('response', (answer) => {
      call.off('error', reject)
      call.on('error', () => {
        // Readers are killed by the test.
      })
      resolve(readerOf(call, answer))
    })
    call.end()
  })
}

function readerOf(call: ClientRequest, answer: IncomingMessage): Reader {
  let rest = ''
  let position: string | undefined
  let isEnded = false
  const reader: Reader = {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    received: [],
    comments: 0,
    position: () => position,
    ended: () => isEnded,
    pause: () => void answer.pause(),
    kill: () => void call.destroy(),
    text: () => rest,
  }
  answer.setEncoding('utf8')
  answer.on('error', () => {
    // Readers are killed by the test, or cut off.
  })
  answer.once('close', () => {
    isEnded = true
  })
  answer.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks.map(parseBlock)) {
      position = block.id ?? position
      if (block.comment !== undefined) reader.comments += 1
      if (block.data !== undefined) reader.received.push(block)
    }
  })
  return reader
}

function parseBlock(text: string): Block {
  const block: Block = { event: undefined, id: undefined, data: undefined, comment: undefined }
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()]
    if (name === '') block.comment = value
    else if (name === 'event' || name === 'id' || name === 'data') block[name] = value
  }
  return block
}
