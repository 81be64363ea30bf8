// Owns: the row "push -> consumer": the latency from a push's due time to its arrival at the consumer of a stream.
import { createHistogram, median } from '../load/histogram.mjs'
import { messageId } from '../load/requests.mjs'
import { readArrivals } from '../stack/consumer.mjs'

const RATE = 1_000
const GOAL_P50_MS = 3
const GOAL_P99_MS = 15
const WAIT_MS = 10_000
/** Warm-up at this rate: other code runs than under load, and V8 compiles it after some thousand messages. */
const WARM_UP_MS = 5_000

export async function pushToConsumer({ gateway, load, plan, messages }) {
  const { sink } = await gateway.call('PUT', '/subscriptions/latency', {
    match: { types: ['wechat.message.*'] },
    sink: { kind: 'stream' },
  })
  const durationMs = WARM_UP_MS + plan.latencyMs
  const runs = []
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    const count = Math.ceil((RATE * durationMs) / 1000) + 100
    const first = await messages.prepare(count)
    const arrivals = readArrivals(gateway.redis.client, sink.stream)
    const result = await load.run({
      port: gateway.ports.public,
      connections: 64,
      rate: RATE,
      durationMs,
      keepTimes: true,
    })
    messages.expectAccepted(result)
    const deadline = Date.now() + WAIT_MS
    while (arrivals.seen.size < result.sent && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20))
    arrivals.stop()
    const dueAtMs = await load.times()
    if (arrivals.seen.size !== result.sent) throw new Error(`${result.sent} pushed, ${arrivals.seen.size} received`)
    const histogram = createHistogram()
    for (let index = (RATE * WARM_UP_MS) / 1000; index < result.sent; index += 1)
      histogram.add(arrivals.seen.get(messageId(first + index)) - dueAtMs[index])
    runs.push(histogram.summary())
    await gateway.redis.client.xtrim(sink.stream, 'MAXLEN', 0)
    await messages.clear()
  }
  await gateway.call('DELETE', '/subscriptions/latency')
  const p50 = runs.map((run) => run.p50)
  const p99 = runs.map((run) => run.p99)
  const detail = { p999Ms: median(runs.map(({ p999 }) => p999)), maxMs: median(runs.map(({ max }) => max)) }
  return [
    {
      row: 'push -> event at a consumer, 1,000/s: p50',
      unit: 'ms',
      runs: p50,
      value: median(p50),
      goal: `<= ${GOAL_P50_MS}`,
      detail: {},
      ok: median(p50) <= GOAL_P50_MS,
    },
    {
      row: 'push -> event at a consumer, 1,000/s: p99',
      unit: 'ms',
      runs: p99,
      value: median(p99),
      goal: `<= ${GOAL_P99_MS}`,
      detail,
      ok: median(p99) <= GOAL_P99_MS,
    },
  ]
}
