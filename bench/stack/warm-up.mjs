// Owns: warming up processes before they are measured: V8 compiles code that has run some thousand times.
import { until } from './gateway.mjs'

const CONNECTIONS = 64

export async function warmUp({ gateway, yardstick, load, messages, plan }) {
  await messages.prepare(plan.warmUpBodies)
  await load.run({ port: yardstick.port, connections: CONNECTIONS, durationMs: plan.warmUpMs, again: true })
  // Until all are sent, or the time has passed.
  messages.expectAccepted(
    await load.run({ port: gateway.ports.public, connections: CONNECTIONS, durationMs: 4 * plan.warmUpMs }),
  )
  await messages.clear()
}

/** Of a worker after its start: messages to a stream, as in the following rows. */
export async function warmUpWorker({ gateway, load, messages, plan }) {
  const { sink } = await gateway.call('PUT', '/subscriptions/warm-up', {
    match: { types: ['wechat.message.*'] },
    sink: { kind: 'stream' },
  })
  await messages.prepare(Math.ceil(plan.warmUpBodies / 3))
  const pushed = await load.run({ port: gateway.ports.public, connections: CONNECTIONS, durationMs: 4 * plan.warmUpMs })
  messages.expectAccepted(pushed)
  await until('the worker is warm', async () => (await gateway.redis.client.xlen(sink.stream)) >= pushed.sent, {
    timeoutMs: 60_000,
    everyMs: 20,
  })
  await gateway.call('DELETE', '/subscriptions/warm-up')
  await messages.clear()
}
