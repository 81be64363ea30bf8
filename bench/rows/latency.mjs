// Owns: the rows "latency": open loops, over kept connections, and with a new connection for each push, as WeChat's
// may be.
import { median } from '../load/histogram.mjs'
import { perItem, withUsage } from '../stack/usage.mjs'

const GOAL_MS = 5
// Lower for new connections: one costs about as much as its push, and the machine would be overloaded at the same rate.
const KINDS = [
  { row: 'ack p99 at 3,000 pushes/s', rate: 3_000, connections: 64, fresh: false, goalMs: GOAL_MS },
  {
    row: 'ack p99 at 1,500 pushes/s, each on a new connection',
    rate: 1_500,
    connections: 256,
    fresh: true,
    goalMs: undefined,
  },
]

export async function latency({ gateway, load, plan, messages }) {
  const rows = []
  for (const kind of KINDS) rows.push(await oneKind({ kind, gateway, load, plan, messages }))
  return rows
}

async function oneKind({ kind: { row, rate, connections, fresh, goalMs }, gateway, load, plan, messages }) {
  const runs = []
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    await messages.prepare(Math.ceil((rate * (plan.latencyMs + 1_000)) / 1000) + 100)
    const run = () =>
      load.run({ port: gateway.ports.public, connections, fresh, rate, durationMs: plan.latencyMs, warmupMs: 1_000 })
    const { result, cpu } = await withUsage({ ingress: gateway.processes.ingress.pid, redis: gateway.redis.pid }, run)
    messages.expectAccepted(result)
    await messages.clear()
    runs.push({ ...result, cpu: perItem(cpu, result.sent) })
  }
  const p99 = runs.map(({ latencyMs }) => latencyMs.p99)
  const detail = {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    p50Ms: median(runs.map(({ latencyMs }) => latencyMs.p50)),
    p999Ms: median(runs.map(({ latencyMs }) => latencyMs.p999)),
    maxMs: median(runs.map(({ latencyMs }) => latencyMs.max)),
    behind: Math.max(...runs.map(({ behind }) => behind)),
    cpuMicroseconds: runs.at(-1).cpu,
  }
  const value = median(p99)
  return {
    row,
    unit: 'ms',
    runs: p99,
    value,
    goal: goalMs === undefined ? '' : `<= ${goalMs}`,
    detail,
    ok: goalMs === undefined ? null : value <= goalMs,
  }
}
