// Owns: the row "token read": key and grant checked, the token read from Redis, against the same answer from memory.
import { median, round } from '../load/histogram.mjs'
import { perItem, withUsage } from '../stack/usage.mjs'

const GOAL = 0.75
const CONNECTIONS = 64

export async function tokenRead({ gateway, yardstick, load, plan }) {
  const headers = { authorization: `Bearer ${gateway.apiKey}` }
  const read = (appId) => ({ path: `/apis/v1/wx/open1/access_token/${appId}`, headers })
  const others = await gateway.authorizeOthers(CONNECTIONS - 1)
  const one = [read(gateway.account.appId)]
  const many = [gateway.account.appId, ...others].map(read)
  return [
    await oneRow({
      row: `token read, ${CONNECTIONS} connections`,
      reads: one,
      headers,
      gateway,
      yardstick,
      load,
      plan,
    }),
    await oneRow({
      row: `token read, ${CONNECTIONS} connections, each time another account's`,
      reads: many,
      headers,
      gateway,
      yardstick,
      load,
      plan,
    }),
  ]
}

async function oneRow({ row, reads, headers, gateway, yardstick, load, plan }) {
  const runs = []
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    const still = () =>
      load.run({
        port: yardstick.port,
        get: [{ path: '/token', headers }],
        connections: CONNECTIONS,
        durationMs: plan.ackMs / 2,
        warmupMs: 300,
      })
    const before = await still()
    const pids = { ingress: gateway.processes.ingress.pid, redis: gateway.redis.pid }
    const { result, cpu } = await withUsage(pids, () => {
      return load.run({
        port: gateway.ports.internal,
        get: reads,
        connections: CONNECTIONS,
        durationMs: plan.ackMs,
        warmupMs: 300,
      })
    })
    const after = await still()
    for (const { statuses } of [before, result, after]) {
      if (Object.keys(statuses).some((status) => status !== '200'))
        throw new Error(`token reads were answered ${JSON.stringify(statuses)}`)
    }
    const stillPerSecond = (before.perSecond + after.perSecond) / 2
    runs.push({
      ratio: round(result.perSecond / stillPerSecond, 3),
      perSecond: result.perSecond,
      p99: result.latencyMs.p99,
      stillPerSecond,
      cpu: perItem(cpu, result.sent),
    })
  }
  const ratios = runs.map(({ ratio }) => ratio)
  const detail = {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    withoutRedisPerSecond: median(runs.map(({ stillPerSecond }) => stillPerSecond)),
    p99Ms: median(runs.map(({ p99 }) => p99)),
    cpuMicroseconds: runs.at(-1).cpu,
  }
  return {
    row,
    unit: 'x the same answer without Redis',
    runs: ratios,
    value: median(ratios),
    goal: `>= ${GOAL}`,
    detail,
    ok: median(ratios) >= GOAL,
  }
}
