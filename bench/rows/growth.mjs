// Owns: the row "growth": acks into a queue that nobody works off, and what a waiting message takes of Redis.
import { perItem, withUsage } from '../stack/usage.mjs'
import { round } from '../load/histogram.mjs'

const GOAL_FACTOR = 2
const GOAL_BYTES = 2_300
const RATE = 2_000

export async function growth({ gateway, load, plan, messages }) {
  const rows = []
  let emptyP99
  let waiting = 0
  let bytesPerMessage
  for (const target of [0, ...plan.backlogs]) {
    if (target > waiting) {
      const usedBefore = await gateway.redis.usedBytes()
      const waitingBefore = waiting
      // In portions: the bodies are made beforehand and take memory.
      for (let missing = target - waiting; missing > 0; missing = target - waiting) {
        const portion = Math.min(missing, 100_000)
        await messages.prepare(portion)
        const filled = await load.run({ port: gateway.ports.public, connections: 128, durationMs: 600_000 })
        messages.expectAccepted(filled)
        waiting = await messages.waiting()
      }
      bytesPerMessage = ((await gateway.redis.usedBytes()) - usedBefore) / (waiting - waitingBefore)
    }
    await messages.prepare(Math.ceil((RATE * (plan.latencyMs + 500)) / 1000) + 100)
    const pids = { ingress: gateway.processes.ingress.pid, redis: gateway.redis.pid }
    const run = () => load.run({ port: gateway.ports.public, connections: 64, rate: RATE, durationMs: plan.latencyMs, warmupMs: 500 })
    const { result, cpu } = await withUsage(pids, run)
    messages.expectAccepted(result)
    waiting = await messages.waiting()
    const { p50, p99 } = result.latencyMs
    emptyP99 ??= p99
    rows.push({
      row: `ack p99 at 2,000/s with ${target.toLocaleString('en')} waiting`,
      unit: 'ms',
      runs: [p99],
      value: p99,
      goal: target === 0 ? '' : `<= ${GOAL_FACTOR} x that of an empty queue`,
      detail: { p50Ms: p50, cpuMicroseconds: perItem(cpu, result.sent) },
      ok: target === 0 ? null : p99 <= GOAL_FACTOR * emptyP99,
    })
  }
  await messages.clear()
  if (bytesPerMessage !== undefined) {
    const bytes = round(bytesPerMessage, 0)
    const detail = { withItsMarkerOfDeduplication: true }
    rows.push({ row: 'Redis memory per waiting message of 1 KB', unit: 'bytes', runs: [bytes], value: bytes, goal: `<= ${GOAL_BYTES}`, detail, ok: bytes <= GOAL_BYTES })
  }
  return rows
}
