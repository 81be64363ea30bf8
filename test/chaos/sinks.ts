// Owns: three consumers, one of each kind, and what each has received. Their lines to Redis are not the ones that are cut.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Worker } from 'bullmq'
import type { Gateway } from './rig.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './ledger.ts'

export const SINK_NAMES = ['webhook', 'queue', 'stream'] as const
export type SinkName = (typeof SINK_NAMES)[number]

export type Sinks = {
  ledgers: Record<SinkName, Ledger>
  /** The subscriptions, made again: after a Redis that has lost everything. */
  subscribe(): Promise<void>
  close(): Promise<void>
}

const STREAM_READ_COUNT = 1_000
const IDLE_MS = 15_000

/** The id of a push stands in its text. Only those of `names` are subscribed. */
export async function startSinks(gateway: Gateway, names: readonly SinkName[]): Promise<Sinks> {
  const ledgers = {
    webhook: await openLedger('webhook'),
    queue: await openLedger('queue'),
    stream: await openLedger('stream'),
  }
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      ledgers.webhook.add(contentOf(JSON.parse(Buffer.concat(chunks).toString())))
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  const url = `http://127.0.0.1:${address.port}/hook`

  async function put(name: SinkName, sink: Record<string, unknown>): Promise<{ queue?: string; stream?: string }> {
    const { status, body } = await gateway.call('PUT', `/subscriptions/${name}`, {
      match: { types: ['wechat.message.text'] },
      sink,
      retry: { scheduleSeconds: [1, 1, 1, 2, 2, 5, 5, 5, 10, 10, 10, 10] },
    })
    if (status >= 300) throw new Error(`the subscription ${name} was answered ${status}`)
    const answered: unknown = body['sink']
    return typeof answered === 'object' && answered !== null ? answered : {}
  }

  async function subscribe() {
    if (names.includes('webhook')) await put('webhook', { kind: 'webhook', url })
    const { queue = 'nobody' } = names.includes('queue') ? await put('queue', { kind: 'queue' }) : {}
    const { stream = 'nobody' } = names.includes('stream') ? await put('stream', { kind: 'stream' }) : {}
    return { queue, stream }
  }

  const { queue, stream } = await subscribe()
  const connection = gateway.connect()
  const consume = () => {
    const worker = new Worker(queue, async (job) => ledgers.queue.add(contentOf(job.data)), {
      connection,
      concurrency: 20,
      // Where INFO is forbidden it would not begin.
      skipVersionCheck: true,
      runRetryDelay: 500,
      // BullMQ's defaults would leave a job whose consumer was cut off for a minute.
      lockDuration: 10_000,
      stalledInterval: 5_000,
      maxStalledCount: 20,
    })
    worker.on('error', () => undefined)
    return worker
  }
  let consumer = consume()
  const restarting = restartWhenIdle(async () => {
    const before = consumer
    consumer = consume()
    await before.close(true)
  })

  /**
   * On a cluster BullMQ's worker may wait for ever: docs/redis.md#readers-and-consumers. So one that has got nothing for
   * some seconds is replaced, as a consumer's supervisor would do.
   */
  function restartWhenIdle(restart: () => Promise<void>): NodeJS.Timeout {
    let linesBefore = 0
    return setInterval(() => {
      void ledgers.queue.read().then(({ lines }) => {
        const isIdle = lines === linesBefore
        linesBefore = lines
        return isIdle ? restart() : undefined
      })
    }, IDLE_MS)
  }

  const reader = gateway.connect()
  let isReading = true
  const reading = readStream()

  async function readStream(): Promise<void> {
    let last = '0-0'
    while (isReading) {
      try {
        const answer = await reader.xread('COUNT', STREAM_READ_COUNT, 'BLOCK', 200, 'STREAMS', stream, last)
        for (const [, entries] of answer ?? []) {
          for (const [id, fields] of entries) {
            last = id
            ledgers.stream.add(contentOf(JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}')))
          }
          await reader.xtrim(stream, 'MINID', '~', last)
        }
      } catch (error) {
        if (!isReading) return
        // A Redis that refuses or is away: it is asked again until it answers, which is what a consumer does.
        await new Promise((resolve) => setTimeout(resolve, 100, error))
      }
    }
  }

  return {
    ledgers,
    async subscribe() {
      await subscribe()
    },
    async close() {
      isReading = false
      reader.disconnect()
      await reading
      clearInterval(restarting)
      await consumer.close(true)
      connection.disconnect()
      server.close()
      server.closeAllConnections()
      await Promise.all(Object.values(ledgers).map((ledger) => ledger.close()))
    },
  }
}

function contentOf(event: { data?: { Content?: string } }): string {
  return event.data?.Content ?? 'an event without content'
}
