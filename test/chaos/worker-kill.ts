// Owns: killing workers, one after the other, while events flow to a queue, a stream and a webhook; and the ledger of what arrived.
// By itself: `npm run test:chaos -- worker-kill [seconds]`. A short selection runs with the tests.
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { readStream, startHook, startQueueConsumer } from '../helpers/consumers.ts'
import { type Event, startGateway } from '../helpers/gateway.ts'
import { readOptions } from '../helpers/read-options.ts'
import { until } from '../helpers/until.ts'

export type WorkerKillOptions = { seconds: number; eventsPerSecond: number; killEveryMs: number }

export type SinkLedger = {
  missing: number
  /** Beyond the first, of the same event id. */
  duplicates: number
  /** Events that came under two ids: nobody could recognise those duplicates. */
  renamed: number
}

export type WorkerKillLedger = {
  sent: number
  refused: number
  kills: number
  drainedMs: number
  sinks: Record<string, SinkLedger>
}

const APP = 'wx00000000000000e1'
const WORKERS = 2
const CONSUMER_MS = 40
/** A killed worker's jobs run elsewhere after 16 s at most; the last kill is at the very end. */
const DRAIN_MS = 60_000

/** Whatever WeChat was answered `success` for must arrive at all three, at least once and under one id. */
export async function runWorkerKill({
  seconds,
  eventsPerSecond,
  killEveryMs,
}: WorkerKillOptions): Promise<WorkerKillLedger> {
  const closing: Array<() => unknown> = []
  const scope = { teardown: (fn: () => unknown) => closing.push(fn) }
  const gateway = await startGateway({ workers: WORKERS, env: { LOG_LEVEL: 'warn' } })
  closing.push(() => gateway.stop())
  try {
    const { simulator } = gateway
    simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
    const hook = await startHook(scope, async () => {
      // Long enough for every kill to strike some.
      await delay(CONSUMER_MS)
      return { status: 200 }
    })
    const match = { types: ['wechat.message.*'] }
    const retry = { scheduleSeconds: [1, 1, 1] }
    await gateway.call('PUT', '/subscriptions/queue', { match, sink: { kind: 'queue' }, retry })
    await gateway.call('PUT', '/subscriptions/stream', { match, sink: { kind: 'stream' }, retry })
    await gateway.call('PUT', '/subscriptions/webhook', { match, sink: { kind: 'webhook', url: hook.url }, retry })
    const consumer = await startQueueConsumer(scope, gateway, { subscription: 'queue' })
    const entries = await readStream(scope, gateway, 'stream')
    const received: Record<string, () => Promise<Event[]>> = {
      queue: async () => consumer.received,
      stream: entries,
      webhook: async () => hook.received.map(({ event }) => event),
    }

    const accepted = new Set<string>()
    let refused = 0
    const pushes: Array<Promise<void>> = []
    const endsAt = performance.now() + seconds * 1000
    const killer = killUntil(endsAt)
    for (let n = 0, startedAt = performance.now(); performance.now() < endsAt;) {
      // A loop that fell behind catches up: the rate is kept.
      for (const due = ((performance.now() - startedAt) / 1000) * eventsPerSecond; n < due; n += 1)
        pushes.push(push(String(1_000_000_000 + n)))
      await delay(5)
    }
    const kills = await killer
    await Promise.all(pushes)
    const drainStartedAt = performance.now()
    for (const [name, read] of Object.entries(received)) {
      const isComplete = async () => new Set((await read()).map(msgIdOf)).size >= accepted.size
      // What is missing is told by the ledger.
      await until(`${name} has everything`, isComplete, { timeoutMs: DRAIN_MS, everyMs: 250 }).catch(() => undefined)
    }
    const sinks: Record<string, SinkLedger> = {}
    for (const [name, read] of Object.entries(received)) sinks[name] = ledgerOf(accepted, await read())
    return { sent: accepted.size, refused, kills, drainedMs: Math.round(performance.now() - drainStartedAt), sinks }

    async function push(msgId: string): Promise<void> {
      const { ok } = await simulator.sendText(APP, { openId: 'oUSER', content: msgId, msgId })
      if (ok) accepted.add(msgId)
      else refused += 1
    }

    async function killUntil(endsAtMs: number): Promise<number> {
      let made = 0
      for (; performance.now() + killEveryMs <= endsAtMs; made += 1) {
        const victim = gateway.workers[made]
        // Its successor first, as a supervisor's is soon: never fewer than two.
        await Promise.all([gateway.startWorker(), delay(killEveryMs)])
        await victim?.process.end('SIGKILL')
      }
      return made
    }
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

function msgIdOf({ data }: Event): string {
  return String(data['MsgId'])
}

function ledgerOf(accepted: ReadonlySet<string>, events: readonly Event[]): SinkLedger {
  const idsOf = new Map<string, Set<string>>()
  for (const event of events) idsOf.set(msgIdOf(event), (idsOf.get(msgIdOf(event)) ?? new Set()).add(event.id))
  return {
    missing: [...accepted].filter((msgId) => !idsOf.has(msgId)).length,
    duplicates: events.length - idsOf.size,
    renamed: [...idsOf.values()].filter(({ size }) => size > 1).length,
  }
}

const script = process.argv[1]
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  const { seconds } = readOptions({ numbers: { seconds: { default: 60 } } }).values
  const ledger = await runWorkerKill({ seconds, eventsPerSecond: 200, killEveryMs: 2_000 })
  console.log(JSON.stringify(ledger, undefined, 2))
  const isWhole = Object.values(ledger.sinks).every(({ missing, renamed }) => missing === 0 && renamed === 0)
  process.exitCode = isWhole && ledger.kills > 0 ? 0 : 1
}
