// Owns: that ingress and yardstick have been at work before they are measured: V8 compiles what has run some thousand times.
const CONNECTIONS = 64

export async function warmUp({ gateway, yardstick, load, messages, plan }) {
  await messages.prepare(plan.warmUpBodies)
  await load.run({ port: yardstick.port, connections: CONNECTIONS, durationMs: plan.warmUpMs, again: true })
  // Until all are sent, or the time is over.
  messages.expectAccepted(await load.run({ port: gateway.ports.public, connections: CONNECTIONS, durationMs: 4 * plan.warmUpMs }))
  await messages.clear()
}
