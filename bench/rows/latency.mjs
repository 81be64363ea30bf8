// Owns: the row "latency at 3,000/s": an open loop, so that a stall is seen by every push that had to wait for it.
import { median } from '../load/histogram.mjs'

const RATE = 3_000
const GOAL_MS = 5

export async function latency({ gateway, load, plan, messages }) {
  const runs = []
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    await messages.prepare(Math.ceil((RATE * (plan.latencyMs + 1_000)) / 1000) + 100)
    const result = await load.run({ port: gateway.ports.public, connections: 64, rate: RATE, durationMs: plan.latencyMs, warmupMs: 1_000 })
    messages.expectAccepted(result)
    await messages.clear()
    runs.push(result)
  }
  const p99 = runs.map(({ latencyMs }) => latencyMs.p99)
  const detail = {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    p50Ms: median(runs.map(({ latencyMs }) => latencyMs.p50)),
    p999Ms: median(runs.map(({ latencyMs }) => latencyMs.p999)),
    maxMs: median(runs.map(({ latencyMs }) => latencyMs.max)),
  }
  return [{ row: 'ack p99 at 3,000 pushes/s', unit: 'ms', runs: p99, value: median(p99), goal: `<= ${GOAL_MS}`, detail, ok: median(p99) <= GOAL_MS }]
}
