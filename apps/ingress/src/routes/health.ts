// Owns: GET /healthz of both listeners, GET /readyz and GET /metrics of the internal one. What is checked is handed in.
import { runReadinessChecks } from '@wxgw/platform'
import type { Metrics } from '@wxgw/runtime'
import { isDraining } from '../drain.ts'
import { notFound } from '../error-handler.ts'
import { healthSchemas } from '../schemas/health.ts'
import type { GatewayServer } from '../server.ts'

/** undefined = well, else the reason why not, fit for anybody's eyes. */
export type ReadinessCheck = { name: string; check(): Promise<string | undefined> }

export function livenessRoute(app: GatewayServer): void {
  app.get('/healthz', { schema: healthSchemas.liveness }, () => ({ status: 'ok' as const }))
}

export function readinessRoutes(
  app: GatewayServer,
  { readiness, metrics }: { readiness: readonly ReadinessCheck[]; metrics?: Metrics | undefined },
): void {
  app.get('/readyz', { schema: healthSchemas.readiness }, async (_request, reply) => {
    const outcomes = await runReadinessChecks(readiness)
    const checks = isDraining(app) ? [...outcomes, { name: 'serving', ok: false, reason: 'shutting down' }] : outcomes
    const ready = checks.every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })

  app.get('/metrics', { schema: healthSchemas.metrics }, async (_request, reply) => {
    if (metrics === undefined) return notFound()
    return reply.type(metrics.contentType).send(await metrics.text())
  })
}
