// Owns: the consumer of a measured subscription: a webhook server, a reader of a stream, and the number of events that
// arrived at a sink.
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

/** `seen`: the time of arrival by MsgId, in epoch milliseconds. Opens a connection beside `redis`. */
export function readArrivals(redis, stream) {
  const reader = redis.duplicate()
  const seen = new Map()
  let isStopped = false

  async function readAll() {
    // Not from `$`, which would miss events before the first read. The stream is empty or new.
    for (let after = '0'; !isStopped;) {
      const answer = await reader.xread('COUNT', 500, 'BLOCK', 1_000, 'STREAMS', stream, after)
      const nowMs = performance.timeOrigin + performance.now()
      for (const [, entries] of answer ?? []) {
        for (const [id, fields] of entries) {
          after = id
          const { data } = JSON.parse(fields[fields.indexOf('event') + 1])
          seen.set(data.MsgId, nowMs)
        }
      }
    }
  }
  readAll().catch((error) => {
    if (!isStopped) throw error
  })
  return {
    seen,
    stop() {
      isStopped = true
      reader.disconnect()
    },
  }
}
