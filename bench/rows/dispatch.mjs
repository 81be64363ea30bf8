// Owns: the row "dispatch": a worker works off a backlog of messages: matched and delivered to a queue, stream or
// webhook, each sink by itself.
import { median, round } from '../load/histogram.mjs'
import { arrivalCounter, startReceiver } from '../stack/consumer.mjs'
import { perItem, withUsage } from '../stack/usage.mjs'
import { until } from '../stack/gateway.mjs'

const GOALS = { queue: 8_000, stream: 10_000, webhook: 6_000 }
/** Goal for ordered subscriptions, of the rate without ordering. */
const ORDERED_SHARE = 0.5
const DRAIN_MS = 120_000

export async function dispatch({ gateway, load, plan, messages }) {
  const rows = []
  for (const kind of Object.keys(GOALS)) {
    const runs = []
    for (let repeat = 0; repeat < plan.repeats; repeat += 1)
      runs.push(await oneSink({ kind, gateway, load, plan, messages }))
    const rates = runs.map(({ perSecond }) => perSecond)
    rows.push({
      row: `dispatch to ${kind}, one worker`,
      unit: 'per s',
      runs: rates,
      value: median(rates),
      goal: `>= ${GOALS[kind]}`,
      detail: { cpuMicroseconds: runs.at(-1).cpu },
      ok: median(rates) >= GOALS[kind],
    })
    const ordered = await oneSink({ kind, ordering: 'subject', gateway, load, plan, messages })
    const share = round(ordered.perSecond / median(rates), 2)
    rows.push({
      row: `dispatch to ${kind} in order, share of that`,
      unit: '',
      runs: [share],
      value: share,
      goal: `>= ${ORDERED_SHARE}`,
      detail: { cpuMicroseconds: ordered.cpu, perSecond: ordered.perSecond },
      ok: share >= ORDERED_SHARE,
    })
  }
  return rows
}

async function oneSink({ kind, ordering = 'none', gateway, load, plan, messages }) {
  const receiver = kind === 'webhook' ? await startReceiver() : undefined
  const name = `dispatch-${kind}`
  const { sink } = await gateway.call('PUT', `/subscriptions/${name}`, {
    match: { types: ['wechat.message.*'] },
    sink: kind === 'webhook' ? { kind, url: receiver.url } : { kind },
    ordering,
  })
  await gateway.stopWorker()
  await messages.prepare(plan.dispatchMessages)
  messages.expectAccepted(await load.run({ port: gateway.ports.public, connections: 64, durationMs: DRAIN_MS }))
  const received = arrivalCounter({ sink, receiver, redis: gateway.redis.client })
  await gateway.startWorker()
  const pids = { worker: gateway.processes.worker.pid, redis: gateway.redis.pid }
  const { result: perSecond, cpu } = await withUsage(pids, async () => {
    // The first tenth is not measured: the worker starts.
    const tenth = plan.dispatchMessages / 10
    await until('the first tenth', async () => (await received()) >= tenth, { timeoutMs: DRAIN_MS, everyMs: 5 })
    const startedAt = performance.now()
    const from = await received()
    await until('the whole backlog', async () => (await received()) >= plan.dispatchMessages, {
      timeoutMs: DRAIN_MS,
      everyMs: 5,
    })
    return round((plan.dispatchMessages - from) / ((performance.now() - startedAt) / 1000), 0)
  })
  await gateway.call('DELETE', `/subscriptions/${name}`)
  receiver?.stop()
  await messages.clear()
  return { perSecond, cpu: perItem(cpu, plan.dispatchMessages) }
}
