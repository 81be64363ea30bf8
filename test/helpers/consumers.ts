// Owns: downstream consumers for a test: a webhook that answers as it is told, a BullMQ worker, a reader of a stream.
import { Worker } from 'bullmq'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { Redis } from 'ioredis'
import type { Event, Gateway } from './gateway.ts'

type Tap = { teardown(fn: () => unknown): unknown }

export type Hook = {
  url: string
  port: number
  received: Array<{ event: Event; headers: IncomingHttpHeaders; body: string; atMs: number }>
  of(eventId: string): number
  /** From now on. */
  answer: HookAnswer
}

/** undefined: never answered. */
export type HookAnswer = (
  event: Event,
) =>
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | undefined
  | Promise<{ status: number; body?: unknown } | undefined>

export async function startHook(t: Tap, answer: HookAnswer = () => ({ status: 204 })): Promise<Hook> {
  const received: Hook['received'] = []
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const event: Event = JSON.parse(body)
    received.push({ event, headers: request.headers, body, atMs: Date.now() })
    const given = await hook.answer(event)
    if (given === undefined) return
    response.writeHead(given.status, 'headers' in given ? given.headers : {})
    response.end(given.body === undefined ? '' : JSON.stringify(given.body))
  }
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const hook: Hook = {
    url: `http://127.0.0.1:${address.port}/hook`,
    port: address.port,
    received,
    of: (eventId) => received.filter(({ event }) => event.id === eventId).length,
    answer,
  }
  return hook
}

export type QueueConsumer = { received: Event[]; of(eventId: string): number }

/**
 * `work` is what its jobs return. `concurrency`: 1 where their order matters; BullMQ begins those that it takes side by side in any
 * order.
 */
type QueueWork = { subscription: string; work?: (event: Event) => unknown; concurrency?: number }

/** Opens the queue of a subscription, which must be there. */
export async function startQueueConsumer(
  t: Tap,
  gateway: Pick<Gateway, 'call' | 'redis'>,
  { subscription, work = () => undefined, concurrency = 20 }: QueueWork,
): Promise<QueueConsumer> {
  const { body } = await gateway.call('GET', `/subscriptions/${subscription}`)
  const received: Event[] = []
  const worker = new Worker(
    String(body.sink?.queue),
    async (job) => {
      received.push(job.data)
      return work(job.data)
    },
    { connection: { url: gateway.redis.url, maxRetriesPerRequest: null }, concurrency },
  )
  // Redis may be killed under it: it reconnects by itself.
  worker.on('error', () => {})
  await worker.waitUntilReady()
  t.teardown(() => worker.close(true))
  return { received, of: (eventId) => received.filter(({ id }) => id === eventId).length }
}

/** What stands in the stream of a subscription, oldest first. */
export async function readStream(
  t: Tap,
  gateway: Pick<Gateway, 'call' | 'redis'>,
  subscription: string,
): Promise<() => Promise<Event[]>> {
  const { body } = await gateway.call('GET', `/subscriptions/${subscription}`)
  const redis = new Redis(gateway.redis.url)
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  return async () => {
    const entries = await redis.xrange(String(body.sink?.stream), '-', '+')
    return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('event') + 1] ?? ''))
  }
}
