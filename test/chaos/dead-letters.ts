// Owns: replaying thousands of dead letters while live traffic flows, and the ledger of both.
// By itself: `npm run test:chaos -- dead-letters [letters]`, 10,000 by default.
import { deliveriesQueue } from '@wxgw/redis'
import { Redis } from 'ioredis'
import { pathToFileURL } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { startHook } from '../helpers/consumers.ts'
import { startGateway } from '../helpers/gateway.ts'
import { readOptions } from '../helpers/read-options.ts'
import { until } from '../helpers/until.ts'

export type ReplayLedger = {
  dead: number
  replayed: number
  replayMs: number
  drainedMs: number
  live: number
  liveP99Ms: number
  missing: number
  /** Deliveries of one event after the replay, beyond the first. */
  duplicates: number
  leftDead: number
}

const APP = 'wx00000000000000e2'
const LIVE_PER_SECOND = 50
const SENDERS = 50
const LIVE_IDS_FROM = 5_000_000_000

export async function runReplay(count: number): Promise<ReplayLedger> {
  const closing: Array<() => unknown> = []
  const scope = { teardown: (fn: () => unknown) => closing.push(fn) }
  const gateway = await startGateway({ workers: 2, env: { LOG_LEVEL: 'warn' } })
  closing.push(() => gateway.stop())
  try {
    const { simulator, call } = gateway
    const redis = new Redis(gateway.redis.url)
    closing.push(() => redis.disconnect())
    simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
    const match = { types: ['wechat.message.*'] }
    const hook = await startHook(scope, () => ({ status: 500 }))
    const sink = { kind: 'webhook', url: hook.url }
    const retry = { scheduleSeconds: [3600] }
    const send = (n: number) => simulator.sendText(APP, { openId: 'oUSER', content: String(n), msgId: String(n) })

    // They wait for a retry, then the subscription is disabled: what was pending stands in the dead letters.
    await call('PUT', '/subscriptions/dead', { match, sink, retry })
    let next = 0
    const sender = async () => {
      while (next < count) await send(1_000_000_000 + (next += 1))
    }
    await Promise.all(Array.from({ length: SENDERS }, sender))
    const queue = `bull:${deliveriesQueue('open1', 'dead')}`
    const failed = `${queue}:failed`
    // What is not matched yet would be new to a disabled subscription: it is given none of it.
    const standing = async () => {
      const lists = await Promise.all(['wait', 'active'].map((state) => redis.llen(`${queue}:${state}`)))
      const sets = await Promise.all(['delayed', 'failed'].map((state) => redis.zcard(`${queue}:${state}`)))
      return [...lists, ...sets].reduce((sum, size) => sum + size, 0)
    }
    await until('all stand in the queue', async () => (await standing()) >= count, { timeoutMs: 60_000, everyMs: 100 })
    await call('PUT', '/subscriptions/dead', { match, sink, retry, enabled: false })
    // Listing them means reading them: asked for once.
    await until('all are dead', async () => (await redis.zcard(failed)) >= count, { timeoutMs: 120_000, everyMs: 250 })
    const deadIds = await listDead()

    hook.answer = () => ({ status: 204 })
    hook.received.length = 0
    await call('PUT', '/subscriptions/dead', { match, sink, retry })
    await call('PUT', '/subscriptions/live', { match, sink: { kind: 'webhook', url: `${hook.url}?live` } })
    const live = sendLive()
    const startedAt = performance.now()
    const { body } = await call('POST', '/subscriptions/dead/dead-letters/replay')
    const replayMs = Math.round(performance.now() - startedAt)
    const replayedEvents = () => hook.received.filter(({ event }) => deadIds.has(event.id))
    await until(
      'all of them arrive',
      () => new Set(replayedEvents().map(({ event }) => event.id)).size >= deadIds.size,
      {
        timeoutMs: 120_000,
        everyMs: 200,
      },
    )
    const drainedMs = Math.round(performance.now() - startedAt)
    const latencies = (await live.stop()).toSorted((left, right) => left - right)
    const arrivals = replayedEvents()
    const distinct = new Set(arrivals.map(({ event }) => event.id))
    return {
      dead: deadIds.size,
      replayed: Number(body.replayed),
      replayMs,
      drainedMs,
      live: latencies.length,
      liveP99Ms: Math.round(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
      missing: [...deadIds].filter((id) => !distinct.has(id)).length,
      duplicates: arrivals.length - distinct.size,
      leftDead: ((await call('GET', '/subscriptions/dead/dead-letters')).body.items ?? []).length,
    }

    async function listDead(): Promise<Set<string>> {
      const ids = new Set<string>()
      for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined;) {
        const { body } = await call(
          'GET',
          `/subscriptions/dead/dead-letters?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
        for (const { eventId } of body.items ?? []) if (eventId !== undefined) ids.add(eventId)
        cursor = body.nextCursor
      }
      return ids
    }

    /** Messages of users meanwhile; answers how long each took to the webhook. */
    function sendLive() {
      const sentAt = new Map<string, number>()
      let running = true
      const loop = (async () => {
        for (let n = 0; running; n += 1) {
          const msgId = String(LIVE_IDS_FROM + n)
          sentAt.set(msgId, Date.now())
          await Promise.all([send(LIVE_IDS_FROM + n), delay(1000 / LIVE_PER_SECOND)])
        }
      })()
      const arrived = () => {
        const firsts = new Map<string, number>()
        for (const { event, atMs } of hook.received) {
          const msgId = String(event.data['MsgId'])
          if (sentAt.has(msgId) && !firsts.has(msgId)) firsts.set(msgId, atMs)
        }
        return firsts
      }
      return {
        async stop(): Promise<number[]> {
          running = false
          await loop
          await until('the live ones are there', () => arrived().size === sentAt.size, {
            timeoutMs: 30_000,
            everyMs: 100,
          })
          return [...arrived()].map(([msgId, atMs]) => atMs - (sentAt.get(msgId) ?? atMs))
        },
      }
    }
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

const script = process.argv[1]
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  const { letters } = readOptions({ numbers: { letters: { default: 10_000 } } }).values
  const ledger = await runReplay(letters)
  console.log(JSON.stringify(ledger, undefined, 2))
  process.exitCode =
    ledger.missing === 0 && ledger.duplicates === 0 && ledger.leftDead === 0 && ledger.replayed === ledger.dead ? 0 : 1
}
