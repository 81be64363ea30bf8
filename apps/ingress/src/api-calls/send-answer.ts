// Owns: writing an answer to the caller's connection, past Fastify: WeChat's bytes as they are, a cut where WeChat's
// were cut.
import type { ServerResponse } from 'node:http'
import { endUnread } from '@wxgw/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HeaderList } from './answer-headers.ts'
import type { AnswerRest } from './call-once.ts'
import type { TokenMask } from './token-mask.ts'

export type OutgoingAnswer = {
  status: number
  headers: HeaderList
  /** As WeChat says it; a body that is whole here is measured. */
  length: string | undefined
  body: Buffer
  rest: AnswerRest | undefined
  /** undefined = the bytes go out as they are. */
  mask: TokenMask | undefined
}

const MAX_SHORT_BYTES = 4_096

/** Without a word where the caller has gone. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: OutgoingAnswer): void {
  const { raw: response } = reply
  const { status, body, rest, mask } = answer
  const first = mask ? mask.push(body) : body
  const headers = headersOf(request, reply, answer.headers)
  const whole = mask && rest === undefined ? Buffer.concat([first, mask.end()]) : first
  const length = rest === undefined && hasBody(status) ? String(whole.length) : answer.length
  // The last: Node reads a content-disposition that comes after one as UTF-8, and it is latin1 here.
  if (length !== undefined) headers.push('content-length', length)
  // What cannot be written throws here, while Fastify can still answer.
  response.writeHead(status, headers)
  reply.hijack()
  if (rest === undefined) {
    // A short text goes out in one piece with its head: half of what the write of two costs. Latin1 is byte for byte.
    if (whole.length <= MAX_SHORT_BYTES) response.end(whole.toString('latin1'), 'latin1')
    else response.end(whole)
    return
  }
  if (first.length > 0) response.write(first)
  pass(rest, response, mask)
}

/** With those that every answer has. */
function headersOf(request: FastifyRequest, reply: FastifyReply, own: HeaderList): HeaderList {
  const closes = endUnread(request.raw)
  const list: HeaderList = closes ? ['connection', 'close'] : []
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && !(closes && name === 'connection')) list.push(name, value)
  }
  list.push(...own)
  return list
}

function pass(rest: AnswerRest, response: ServerResponse, mask: TokenMask | undefined): void {
  response.on('drain', () => rest.resume())
  rest.into({
    data(chunk) {
      const bytes = mask ? mask.push(chunk) : chunk
      if (bytes.length > 0 && !response.write(bytes)) rest.pause()
    },
    end() {
      response.end(mask?.end())
    },
    failed: () => void response.destroy(),
  })
}

/** Of the others a length would be a lie, or is of something that is not sent. */
function hasBody(status: number): boolean {
  return status !== 204 && status !== 304
}
