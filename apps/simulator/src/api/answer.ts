// Owns: how an answer leaves the API's connection: whole, in drips, or not at all because the connection is cut.
import type { FastifyReply } from 'fastify'

export type Answer = { status: number; body: string; contentType: string }

type Pace = { everyMs: number; bytes?: number; pause: (ms: number) => Promise<void> }

/** A connection that ends with a reset instead of an answer. */
export function cut(reply: FastifyReply): void {
  reply.hijack()
  reply.raw.socket?.resetAndDestroy()
}

export async function send(reply: FastifyReply, answer: Answer): Promise<void> {
  await reply.code(answer.status).header('content-type', answer.contentType).send(answer.body)
}

/** Ends early when the other side hangs up. */
export async function drip(reply: FastifyReply, answer: Answer, pace: Pace): Promise<void> {
  reply.hijack()
  const body = Buffer.from(answer.body, 'utf8')
  reply.raw.writeHead(answer.status, { 'content-type': answer.contentType, 'content-length': body.length })
  const size = pace.bytes ?? 1
  for (let start = 0; start < body.length && !reply.raw.destroyed; start += size) {
    reply.raw.write(body.subarray(start, start + size))
    await pace.pause(pace.everyMs)
  }
  reply.raw.end()
}
