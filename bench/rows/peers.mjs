// Owns: the row "acks against the peers": the gateway's durable ack against the HTTP servers of this field, which
// answer after decrypting and store nothing. The same bodies, one process each, in the order gateway, peer, gateway.
import { median, round } from '../load/histogram.mjs'
import { installedPeers } from '../peers/peers.mjs'
import { freePort } from '../../test/dist/helpers/free-port.js'
import { listens, startServer } from '../stack/processes.mjs'
import { perItem, withUsage } from '../stack/usage.mjs'

const CONNECTIONS = 64
const GOALS = { 'node-easywechat': 4 }

export async function peers({ gateway, load, plan, messages }) {
  const names = installedPeers(gateway.component).map(({ name }) => name)
  if (names.length === 0)
    return [
      { row: 'durable ack against peers', unit: '', runs: [], value: 'none installed', goal: '', detail: {}, ok: null },
    ]
  const durationMs = plan.ackMs / 2
  const servers = []
  const pairs = Object.fromEntries(names.map((name) => [name, []]))
  try {
    for (const name of names) servers.push(await startPeer(name, gateway.component))
    for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
      const ours = async () => {
        // As many as one run may need: de-duplication drops what was sent before.
        await messages.prepare(plan.ackBodies)
        const pids = { ingress: gateway.processes.ingress.pid, redis: gateway.redis.pid }
        const { result, cpu } = await withUsage(pids, () =>
          load.run({ port: gateway.ports.public, connections: CONNECTIONS, durationMs, warmupMs: 300 }),
        )
        messages.expectAccepted(result)
        return { perSecond: result.perSecond, cpu: perItem(cpu, result.sent) }
      }
      let before = await ours()
      for (const { name, port, pid } of servers) {
        const { result, cpu } = await withUsage({ peer: pid }, () =>
          load.run({ port, connections: CONNECTIONS, durationMs, warmupMs: 300, again: true }),
        )
        messages.expectAccepted(result)
        const after = await ours()
        const perSecond = (before.perSecond + after.perSecond) / 2
        pairs[name].push({
          ratio: round(perSecond / result.perSecond, 1),
          perSecond,
          theirs: result.perSecond,
          cpu: { ...after.cpu, ...perItem(cpu, result.sent) },
        })
        before = after
      }
      await messages.clear()
    }
  } finally {
    for (const { stop } of servers) await stop()
  }
  return names.map((name) => {
    const runs = pairs[name].map(({ ratio }) => ratio)
    const value = median(runs)
    const goal = GOALS[name]
    const detail = {
      perSecond: median(pairs[name].map(({ perSecond }) => perSecond)),
      theirsPerSecond: median(pairs[name].map(({ theirs }) => theirs)),
      cpuMicroseconds: pairs[name].at(-1).cpu,
    }
    return {
      row: `durable ack against ${name}, that keeps nothing`,
      unit: 'x its acks',
      runs,
      value,
      goal: goal === undefined ? '' : `>= ${goal}`,
      detail,
      ok: goal === undefined ? null : value >= goal,
    }
  })
}

async function startPeer(name, component) {
  const port = await freePort()
  const args = ['bench/peers/peer-server.mjs', name, String(port)]
  const env = { COMPONENT: JSON.stringify(component) }
  return { port, ...(await startServer(name, { args, env, isReady: () => listens(port) })) }
}
