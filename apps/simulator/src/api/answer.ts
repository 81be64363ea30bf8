// Owns: how an answer leaves the API's connection: whole, in drips, or not at all because the connection is cut.
import type { FastifyReply } from 'fastify'

export type Answer = { status: number; body: string | Buffer; contentType: string; fileName?: string | undefined }

type Pace = { everyMs: number; bytes?: number; pause: (ms: number) => Promise<void> }

/** A connection that ends with a reset instead of an answer. */
export function cut(reply: FastifyReply): void {
  reply.hijack()
  reply.raw.socket?.resetAndDestroy()
}

export async function send(reply: FastifyReply, answer: Answer): Promise<void> {
  await reply.code(answer.status).headers(headersOf(answer)).send(answer.body)
}

/** Ends early when the other side hangs up. */
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

/** Says how long the answer is, sends so many bytes of it, and cuts the connection. */
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
