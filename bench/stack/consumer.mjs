// Owns: the consumer of a measured subscription: a webhook server, and the number of events that arrived at a sink.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Queue } from 'bullmq'

/** Answers each call with 204, and counts them. */
export async function startReceiver() {
  let count = 0
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      count += 1
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  server.keepAliveTimeout = 60_000
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    count: () => count,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** `sink`: as the gateway answers it. The receiver counts those of a webhook. */
export function arrivalCounter({ sink, receiver, redis }) {
  if (sink.kind === 'webhook') return async () => receiver.count()
  if (sink.kind === 'stream') return () => redis.xlen(sink.stream)
  const queue = new Queue(sink.queue, { connection: redis, prefix: sink.prefix ?? 'bull' })
  return () => queue.getWaitingCount()
}
