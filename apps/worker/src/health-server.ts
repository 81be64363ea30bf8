// Owns: the worker's own small listener: is it alive, is it ready, its figures.
import Fastify, { type FastifyInstance } from 'fastify'

export type HealthServerDeps = {
  readiness: ReadonlyArray<{ name: string; check(): Promise<string | undefined> }>
  metrics: { contentType: string; text(): Promise<string> }
}

/** `GET /healthz`, `GET /readyz` (503 with a reason per check), `GET /metrics`. */
export function createHealthServer({ readiness, metrics }: HealthServerDeps): FastifyInstance {
  const server = Fastify({ logger: false, exposeHeadRoutes: false })
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const checks = await Promise.all(
      readiness.map(async ({ name, check }) => {
        const reason = await check()
        return reason === undefined ? { name, ok: true } : { name, ok: false, reason }
      }),
    )
    const ready = checks.every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  return server
}
