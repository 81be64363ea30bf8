// Owns: the row "durable ack": verify, decrypt, parse, enqueue, and answer after Redis has accepted. No worker runs.
import { median, round } from '../load/histogram.mjs'
import { perItem, residentMb, withUsage } from '../stack/usage.mjs'

const CONNECTIONS = [64, 256]

/** Yardstick, gateway, yardstick: the ratio is to the mean of the two yardsticks. */
export async function durableAck({ gateway, yardstick, load, plan, messages }) {
  const rows = []
  let memoryMb = 0
  for (const connections of CONNECTIONS) {
    const runs = []
    for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
      await messages.prepare(plan.ackBodies)
      const echo = () =>
        load.run({ port: yardstick.port, connections, durationMs: plan.ackMs / 2, warmupMs: 300, again: true })
      const before = await echo()
      const { ingress } = gateway.processes
      const run = () => load.run({ port: gateway.ports.public, connections, durationMs: plan.ackMs, warmupMs: 300 })
      const { result, cpu } = await withUsage({ ingress: ingress.pid, redis: gateway.redis.pid, load: load.pid }, run)
      memoryMb = Math.max(memoryMb, residentMb(ingress.pid) ?? 0)
      const after = await echo()
      messages.expectAccepted(result)
      await messages.clear()
      const echoPerSecond = (before.perSecond + after.perSecond) / 2
      runs.push({
        perSecond: result.perSecond,
        echoPerSecond,
        ratio: round(result.perSecond / echoPerSecond, 3),
        p99: result.latencyMs.p99,
        cpu: perItem(cpu, result.sent),
      })
    }
    rows.push({
      row: `durable ack, ${connections} connections`,
      unit: 'x Fastify echo',
      runs: runs.map(({ ratio }) => ratio),
      value: median(runs.map(({ ratio }) => ratio)),
      goal: '>= 0.40',
      detail: {
        perSecond: median(runs.map(({ perSecond }) => perSecond)),
        echoPerSecond: median(runs.map((run) => run.echoPerSecond)),
        p99Ms: median(runs.map(({ p99 }) => p99)),
        cpuMicroseconds: runs.at(-1).cpu,
      },
      ok:
        median(runs.map(({ ratio }) => ratio)) >= 0.4 && (connections > 64 || median(runs.map(({ p99 }) => p99)) <= 15),
    })
  }
  rows.push({
    row: 'memory of the ingress under full load',
    unit: 'MB',
    runs: [memoryMb],
    value: memoryMb,
    goal: '<= 200',
    detail: {},
    ok: memoryMb <= 200,
  })
  return rows
}
