// Owns: sending an answer: whole, in small pieces, or cut off by a reset.
import type { FastifyReply } from 'fastify'

export type Answer = { status: number; body: string | Buffer; contentType: string; fileName?: string | undefined }

type Pace = { everyMs: number; bytes?: number; pause: (ms: number) => Promise<void> }

/** Resets the connection instead of answering. */
export function cut(reply: FastifyReply): void {
  reply.hijack()
  reply.raw.socket?.resetAndDestroy()
}

export async function send(reply: FastifyReply, answer: Answer): Promise<void> {
  await reply.code(answer.status).headers(headersOf(answer)).send(answer.body)
}

/** Sends the body in pieces. Stops when the client disconnects. */
export async function drip(reply: FastifyReply, answer: Answer, pace: Pace): Promise<void> {
  reply.hijack()
  const body = Buffer.from(answer.body)
  reply.raw.writeHead(answer.status, { ...headersOf(answer), 'content-length': body.length })
  const size = pace.bytes ?? 1
  for (let start = 0; start < body.length && !reply.raw.destroyed; start += size) {
    reply.raw.write(body.subarray(start, start + size))
    await pace.pause(pace.everyMs)
  }
  reply.raw.end()
}

/** Sends the full content-length and the first bytes of the body, then resets the connection. */
export function cutAfter(reply: FastifyReply, answer: Answer, bytes: number): void {
  reply.hijack()
  const body = Buffer.from(answer.body)
  reply.raw.writeHead(answer.status, { ...headersOf(answer), 'content-length': body.length })
  reply.raw.write(body.subarray(0, bytes), () => reply.raw.socket?.resetAndDestroy())
}

function headersOf({ contentType, fileName }: Answer): Record<string, string> {
  return {
    'content-type': contentType,
    ...(fileName === undefined ? {} : { 'content-disposition': `attachment; filename="${fileName}"` }),
  }
}
