// Owns: the row "whole pipeline": load, ingress, worker and Redis on one machine at once, with messages delivered to
// one stream.
import { setTimeout as delay } from 'node:timers/promises'
import { median, round } from '../load/histogram.mjs'
import { perItem, withUsage } from '../stack/usage.mjs'
import { until } from '../stack/gateway.mjs'

const GOAL = 0.23
const DRAIN_MS = 120_000

export async function pipeline({ gateway, yardstick, load, plan, messages }) {
  const { sink } = await gateway.call('PUT', '/subscriptions/pipeline', {
    match: { types: ['wechat.message.*'] },
    // Nothing may be trimmed: the entries are what is counted.
    sink: { kind: 'stream', maxLength: 1_000_000 },
  })
  const { client } = gateway.redis
  const runs = []
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    await messages.prepare(plan.ackBodies)
    const echo = () =>
      load.run({ port: yardstick.port, connections: 64, durationMs: plan.ackMs / 2, warmupMs: 300, again: true })
    const before = await echo()
    const { ingress, worker } = gateway.processes
    const pids = { ingress: ingress.pid, worker: worker.pid, redis: gateway.redis.pid }
    const from = await client.xlen(sink.stream)
    const startedAt = performance.now()
    const { result, cpu } = await withUsage(pids, async () => {
      const acknowledged = await load.run({ port: gateway.ports.public, connections: 64, durationMs: plan.pipelineMs })
      const workedOff = (await client.xlen(sink.stream)) - from
      const workedOffPerSecond = workedOff / ((performance.now() - startedAt) / 1000)
      await until(
        'everything is worked off',
        async () => (await client.xlen(sink.stream)) - from >= acknowledged.sent,
        { timeoutMs: DRAIN_MS, everyMs: 50 },
      )
      return { acknowledged, workedOffPerSecond }
    })
    const drainedAfterMs = performance.now() - startedAt
    const after = await echo()
    messages.expectAccepted(result.acknowledged)
    const total = (await client.xlen(sink.stream)) - from
    if (total !== result.acknowledged.sent)
      throw new Error(`${result.acknowledged.sent} acknowledged, ${total} delivered`)
    const echoPerSecond = (before.perSecond + after.perSecond) / 2
    runs.push({
      acknowledged: round(result.acknowledged.perSecond / echoPerSecond, 3),
      workedOff: round(result.workedOffPerSecond / echoPerSecond, 3),
      acknowledgedPerSecond: result.acknowledged.perSecond,
      workedOffPerSecond: round(result.workedOffPerSecond, 0),
      wholePerSecond: round((total * 1000) / drainedAfterMs, 0),
      p99: result.acknowledged.latencyMs.p99,
      cpu: perItem(cpu, total),
    })
    await client.xtrim(sink.stream, 'MAXLEN', 0)
    await messages.clear()
    await delay(200)
  }
  await gateway.call('DELETE', '/subscriptions/pipeline')
  const of = (name) => runs.map((run) => run[name])
  const common = { wholePerSecond: median(of('wholePerSecond')), cpuMicroseconds: runs.at(-1).cpu }
  return [
    {
      row: 'whole pipeline: acknowledged',
      unit: 'x Fastify echo',
      runs: of('acknowledged'),
      value: median(of('acknowledged')),
      goal: `>= ${GOAL}`,
      detail: { perSecond: median(of('acknowledgedPerSecond')), p99Ms: median(of('p99')) },
      ok: median(of('acknowledged')) >= GOAL,
    },
    {
      row: 'whole pipeline: worked off meanwhile',
      unit: 'x Fastify echo',
      runs: of('workedOff'),
      value: median(of('workedOff')),
      goal: `>= ${GOAL}`,
      detail: { perSecond: median(of('workedOffPerSecond')), ...common },
      ok: median(of('workedOff')) >= GOAL,
    },
  ]
}
