// Owns: the row "scale": durable acks with several ingress processes against one, on this machine, shared with load
// and Redis.
import { median, round } from '../load/histogram.mjs'
import { perItem, treeOf, withUsage } from '../stack/usage.mjs'

const PROCESSES = 2

/** In the order one, several, one. Each restarts the ingress. */
export async function scale({ gateway, load, plan, messages }) {
  const rows = []
  for (const connections of plan.scaleConnections) {
    const runs = []
    for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
      const before = await acks({ processes: 1, connections, gateway, load, plan, messages })
      const several = await acks({ processes: PROCESSES, connections, gateway, load, plan, messages })
      const after = await acks({ processes: 1, connections, gateway, load, plan, messages })
      const one = (before.perSecond + after.perSecond) / 2
      runs.push({ ...several, one, ratio: round(several.perSecond / one) })
    }
    const value = median(runs.map(({ ratio }) => ratio))
    const detail = {
      perSecond: median(runs.map(({ perSecond }) => perSecond)),
      withOnePerSecond: median(runs.map(({ one }) => one)),
      p99Ms: median(runs.map(({ p99 }) => p99)),
      cpuMicroseconds: runs.at(-1).cpu,
    }
    rows.push({
      row: `durable ack, INGRESS_PROCESSES=${PROCESSES}, ${connections} connections`,
      unit: 'x one process',
      runs: runs.map(({ ratio }) => ratio),
      value,
      goal: '',
      detail,
      ok: null,
    })
  }
  return rows
}

async function acks({ processes, connections, gateway, load, plan, messages }) {
  await gateway.restartIngress({ INGRESS_PROCESSES: String(processes) })
  await messages.prepare(plan.ackBodies)
  // Warm up longer for several: each process is slow after its start.
  const warmupMs = plan.ackMs
  const run = () => load.run({ port: gateway.ports.public, connections, durationMs: plan.ackMs / 2, warmupMs })
  const { result, cpu } = await withUsage(
    { ingress: treeOf(gateway.processes.ingress.pid), redis: gateway.redis.pid, load: load.pid },
    run,
  )
  messages.expectAccepted(result)
  await messages.clear()
  return { perSecond: result.perSecond, p99: result.latencyMs.p99, cpu: perItem(cpu, result.sent) }
}
