// Owns: the row "growth": acks into a growing queue without a worker, as a ratio to the empty queue, and the Redis
// memory per waiting message.
import { freemem } from 'node:os'
import { median, round } from '../load/histogram.mjs'
import { perItem, withUsage } from '../stack/usage.mjs'

const GOAL_FACTOR = 2
const GOAL_BYTES = 2_300
const RATE = 2_000
/** Pushes per batch: the prepared bodies take memory of the load process. */
const PORTION = 50_000
/** Memory of Redis per message, with that for a rewrite of its file. */
const BYTES_TO_SPARE = 2 * GOAL_BYTES

export async function growth({ gateway, load, plan, messages }) {
  const rows = []
  const fillUntil = performance.now() + plan.fillMs
  let waiting = 0
  let emptyP99
  // The empty queue is measured first: warm up before.
  await acks({ gateway, load, plan, messages })
  await messages.clear()
  for (const target of [0, ...plan.backlogs]) {
    if ((target - waiting) * BYTES_TO_SPARE > freemem()) {
      rows.push(notMeasured(target, 'not enough memory'))
      continue
    }
    const { bytesPerMessage, isReached } = await fill({ target, waiting, gateway, load, messages, until: fillUntil })
    if (!isReached) {
      rows.push(notMeasured(target, `not filled within ${plan.fillMs / 1000} s`))
      break
    }
    const runs = []
    for (let repeat = 0; repeat < plan.repeats; repeat += 1) runs.push(await acks({ gateway, load, plan, messages }))
    waiting = await messages.waiting()
    const p99 = median(runs.map(({ latencyMs }) => latencyMs.p99))
    const detail = {
      p99Ms: p99,
      p50Ms: median(runs.map(({ latencyMs }) => latencyMs.p50)),
      behind: Math.max(...runs.map(({ behind }) => behind)),
      cpuMicroseconds: runs.at(-1).cpu,
    }
    if (target === 0) {
      emptyP99 = p99
      rows.push({
        row: 'ack p99 at 2,000/s, queue empty at first',
        unit: 'ms',
        runs: runs.map(({ latencyMs }) => latencyMs.p99),
        value: p99,
        goal: '',
        detail,
        ok: null,
      })
      continue
    }
    const ratios = runs.map(({ latencyMs }) => round(latencyMs.p99 / emptyP99))
    const count = target.toLocaleString('en')
    rows.push(
      {
        row: `ack p99 at 2,000/s with ${count} waiting`,
        unit: 'x the empty one',
        runs: ratios,
        value: median(ratios),
        goal: `<= ${GOAL_FACTOR}`,
        detail,
        ok: median(ratios) <= GOAL_FACTOR,
      },
      {
        row: `Redis memory per waiting message of 1 KB at ${count}`,
        unit: 'bytes',
        runs: [bytesPerMessage],
        value: bytesPerMessage,
        goal: `<= ${GOAL_BYTES}`,
        detail: { withItsMarkerOfDeduplication: true },
        ok: bytesPerMessage <= GOAL_BYTES,
      },
    )
  }
  await messages.clear()
  return rows
}

/** Messages of earlier targets count: each target is filled once. */
async function fill({ target, waiting, gateway, load, messages, until }) {
  const usedBefore = await gateway.redis.usedBytes()
  let filled = waiting
  // When the target is reached already, a few more give the memory per message.
  const goal = target === 0 ? 0 : Math.max(target, waiting + 1_000)
  while (filled < goal) {
    if (performance.now() > until) return { isReached: false }
    const portion = Math.min(goal - filled, PORTION)
    await messages.prepare(portion)
    messages.expectAccepted(await load.run({ port: gateway.ports.public, connections: 128, durationMs: 600_000 }))
    filled = await messages.waiting()
  }
  return {
    isReached: true,
    bytesPerMessage:
      target === 0 ? undefined : Math.round(((await gateway.redis.usedBytes()) - usedBefore) / (filled - waiting)),
  }
}

async function acks({ gateway, load, plan, messages }) {
  await messages.prepare(Math.ceil((RATE * (plan.latencyMs + 500)) / 1000) + 100)
  const pids = { ingress: gateway.processes.ingress.pid, redis: gateway.redis.pid }
  const run = () =>
    load.run({ port: gateway.ports.public, connections: 64, rate: RATE, durationMs: plan.latencyMs, warmupMs: 500 })
  const { result, cpu } = await withUsage(pids, run)
  messages.expectAccepted(result)
  return { ...result, cpu: perItem(cpu, result.sent) }
}

function notMeasured(target, reason) {
  return {
    row: `ack p99 at 2,000/s with ${target.toLocaleString('en')} waiting`,
    unit: '',
    runs: [],
    value: reason,
    goal: `<= ${GOAL_FACTOR} x the empty one`,
    detail: {},
    ok: null,
  }
}
