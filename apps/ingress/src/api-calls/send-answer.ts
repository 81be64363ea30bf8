// Owns: writing an answer to the caller's connection without Fastify: WeChat's bytes unchanged, and a broken connection
// where WeChat's answer broke off.
import type { ServerResponse } from 'node:http'
import { endUnread } from '@wxgw/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HeaderList } from './answer-headers.ts'
import type { AnswerRest } from './call-once.ts'
import type { TokenMask } from './token-mask.ts'

type OutgoingAnswer = {
  status: number
  headers: HeaderList
  /** WeChat's Content-Length. For a buffered body its size is used. */
  length: string | undefined
  body: Buffer
  rest: AnswerRest | undefined
  /** undefined = the bytes are not changed. */
  mask: TokenMask | undefined
}

const MAX_SHORT_BYTES = 4_096

/** Does nothing when the caller has disconnected. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: OutgoingAnswer): void {
  const { raw: response } = reply
  const { status, body, rest, mask } = answer
  const first = mask ? mask.push(body) : body
  const headers = headersOf(request, reply, answer.headers)
  const whole = mask && rest === undefined ? Buffer.concat([first, mask.end()]) : first
  const length = rest === undefined && hasBody(status) ? String(whole.length) : answer.length
  // Content-Length last: Node encodes a content-disposition after it as UTF-8, and this one is latin1.
  if (length !== undefined) headers.push('content-length', length)
  // Invalid headers throw here, while Fastify can still answer.
  response.writeHead(status, headers)
  reply.hijack()
  if (rest === undefined) {
    // One write for head and short body costs half of two. Latin1 keeps the bytes.
    if (whole.length <= MAX_SHORT_BYTES) response.end(whole.toString('latin1'), 'latin1')
    else response.end(whole)
    return
  }
  if (first.length > 0) response.write(first)
  pass(rest, response, mask)
}

/** With the headers of every answer. */
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

/** Other answers have no body, so no Content-Length. */
function hasBody(status: number): boolean {
  return status !== 204 && status !== 304
}
