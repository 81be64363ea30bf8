// Owns: consumers of ordered subscriptions, and what each has received, in which order. Who delivers them is the scenarios' business.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'bullmq'
import { type Ledger, openLedger } from './ledger.ts'
import { keyOf, numberOf } from './ordered-load.ts'
import type { Gateway } from './rig.ts'
import type { SinkName } from './sinks.ts'

export type OrderedSubscription = { name: string; kind: SinkName; body: Record<string, unknown> }

export type OrderedSink = {
  name: string
  /** What it has taken: a webhook what it answered 204. */
  ledger: Ledger
  /** What came though a later one of its key had come, and had not been taken before: what comes again after a kill is none. */
  overtaken(): readonly string[]
  /** The longest time that nothing came to the sink for a user with accepted events: in all, and since a kill. */
  longestStallMs(): { inAll: number; sinceKill: number }
}

export type OrderedSinks = { sinks: readonly OrderedSink[]; close(): Promise<void> }

export type OrderedSinksOptions = {
  gateway: Gateway
  subscriptions: readonly OrderedSubscription[]
  /** Does this attempt of a webhook fail? */
  fails(id: string): boolean
  /** When Redis accepted it; undefined: nobody knows yet. */
  acceptedAtMs(id: string): number | undefined
  /** When something was killed last before this time. */
  killedBeforeMs(atMs: number): number
}

/** `began`: it came to the sink at this time; a consumer may take it later. */
type Opened = OrderedSink & { began(id: string, atMs: number): void; take(id: string): void; close(): Promise<void> }

export async function startOrderedSinks(options: OrderedSinksOptions): Promise<OrderedSinks> {
  const { gateway, subscriptions, fails } = options
  const closing: Array<() => unknown> = []
  const sinks = await Promise.all(subscriptions.map(({ name }) => openSink(name, options)))
  const url = await startHooks()

  async function startHooks(): Promise<string> {
    const server = createServer((incoming, response) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const id = contentOf(JSON.parse(Buffer.concat(chunks).toString()))
        const sink = sinks.find(({ name }) => incoming.url === `/${name}`)
        sink?.began(id, performance.now())
        if (fails(id)) return response.writeHead(500).end()
        sink?.take(id)
        return response.writeHead(204).end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(
      () => server.close(),
      () => server.closeAllConnections(),
    )
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no TCP address')
    return `http://127.0.0.1:${address.port}`
  }

  async function subscribe({ name, kind, body }: OrderedSubscription): Promise<string> {
    const sink = kind === 'webhook' ? { kind, url: `${url}/${name}` } : { kind }
    const answer = await gateway.call('PUT', `/subscriptions/${name}`, {
      match: { types: ['wechat.message.text'] },
      sink,
      ...body,
    })
    if (answer.status >= 300)
      throw new Error(`the subscription ${name} was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    const answered = answer.body['sink'] as Partial<Record<SinkName, string>>
    return answered[kind] ?? ''
  }

  /** One job at a time: several at once would give the order up. */
  function consume(queue: string, { began, take }: Opened): void {
    const connection = gateway.connect()
    const work = async ({ data, timestamp }: { data: { data?: { Content?: string } }; timestamp: number }) => {
      began(contentOf(data), timestamp - performance.timeOrigin)
      take(contentOf(data))
    }
    const retries = { lockDuration: 10_000, stalledInterval: 5_000, maxStalledCount: 20, runRetryDelay: 500 }
    const worker = new Worker(queue, work, { connection, concurrency: 1, skipVersionCheck: true, ...retries })
    worker.on('error', () => undefined)
    closing.push(async () => {
      await worker.close(true)
      connection.disconnect()
    })
  }

  function follow(stream: string, { began, take }: Opened): void {
    const reader = gateway.connect()
    let isReading = true
    const reading = read()
    closing.push(async () => {
      isReading = false
      reader.disconnect()
      await reading
    })

    async function read(): Promise<void> {
      for (let last = '0-0'; isReading;) {
        try {
          const answer = await reader.xread('COUNT', 1_000, 'BLOCK', 200, 'STREAMS', stream, last)
          for (const [id, fields] of (answer ?? []).flatMap(([, entries]) => entries)) {
            last = id
            const content = contentOf(JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}'))
            began(content, Number.parseInt(id, 10) - performance.timeOrigin)
            take(content)
          }
        } catch {
          // Redis is away, or fails over: it is asked again until it answers.
          await delay(100)
        }
      }
    }
  }

  for (const [index, subscription] of subscriptions.entries()) {
    const sink = sinks[index]
    const place = await subscribe(subscription)
    if (sink && subscription.kind === 'queue') consume(place, sink)
    if (sink && subscription.kind === 'stream') follow(place, sink)
  }
  return {
    sinks,
    async close() {
      for (const close of closing) await close()
      for (const sink of sinks) await sink.close()
    },
  }
}

async function openSink(name: string, { acceptedAtMs, killedBeforeMs }: OrderedSinksOptions): Promise<Opened> {
  const ledger = await openLedger(name)
  const takenIds = new Set<string>()
  const latest = new Map<string, { atMs: number; number: number }>()
  const overtaken: string[] = []
  const longest = { inAll: 0, sinceKill: 0 }
  return {
    name,
    ledger,
    overtaken: () => overtaken,
    longestStallMs: () => longest,
    began(id, atMs) {
      const before = latest.get(keyOf(id))
      if (before !== undefined && numberOf(id) <= before.number) {
        if (numberOf(id) < before.number && !takenIds.has(id)) overtaken.push(`${id} behind ${before.number}`)
        return
      }
      const dueAtMs = Math.max(before?.atMs ?? 0, acceptedAtMs(id) ?? atMs)
      longest.inAll = Math.max(longest.inAll, Math.round(atMs - dueAtMs))
      longest.sinceKill = Math.max(longest.sinceKill, Math.round(atMs - Math.max(dueAtMs, killedBeforeMs(atMs))))
      latest.set(keyOf(id), { atMs, number: numberOf(id) })
    },
    take(id) {
      takenIds.add(id)
      ledger.add(id)
    },
    close: () => ledger.close(),
  }
}

function contentOf(event: { data?: { Content?: string } }): string {
  return event.data?.Content ?? 'an event without content'
}
