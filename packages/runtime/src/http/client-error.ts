// Owns: the answers to requests that Node's HTTP parser refuses. There is no request object, so the answer is written
// to the socket.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { reasonPhrase } from './error-answer.ts'

type ParserError = { code?: string | undefined }

const ANSWERS: Record<string, { statusCode: number; message: string }> = {
  HPE_HEADER_OVERFLOW: { statusCode: 431, message: 'the headers are larger than this server accepts' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    statusCode: 413,
    message: 'the chunk extensions are larger than this server accepts',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { statusCode: 408, message: 'the request did not arrive in time' },
}
const MALFORMED = { statusCode: 400, message: 'the request is not valid HTTP' }

/** Answers in the shape of every other error and closes the connection. */
export function refuseOnSocket(error: ParserError, socket: Socket, nextRequestId: () => string): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable || isAnswering(socket)) {
    socket.destroy()
    return
  }
  const answer = (error.code === undefined ? undefined : ANSWERS[error.code]) ?? MALFORMED
  socket.end(rawErrorResponse(answer, nextRequestId()))
}

/** `Expect:` with anything but `100-continue`. */
export function answerExpectations(server: Server, nextRequestId: () => string): void {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    response.socket?.end(
      rawErrorResponse({ statusCode: 417, message: 'this expectation cannot be met' }, nextRequestId()),
    )
  })
}

function rawErrorResponse(answer: { statusCode: number; message: string }, requestId: string): string {
  const { statusCode, message } = answer
  const error = reasonPhrase(statusCode)
  const code = statusCode === 413 ? 'BODY_TOO_LARGE' : 'INVALID_REQUEST'
  const body = JSON.stringify({ statusCode, code, error, message, requestId })
  return [
    `HTTP/1.1 ${statusCode} ${error}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-gateway-error: ${code}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

// Node stores the answer in progress on the socket under this name, and checks it before its own 400. A second status
// line in the middle of an answer would be read as its body.
function isAnswering(socket: Duplex): boolean {
  const answering: unknown = Reflect.get(socket, '_httpMessage')
  return (
    typeof answering === 'object' && answering !== null && 'headersSent' in answering && answering.headersSent === true
  )
}
