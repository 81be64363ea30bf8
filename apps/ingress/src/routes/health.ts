// Owns: GET /healthz of both listeners, GET /readyz and GET /metrics of the internal one. The checks are passed in.
import { createReadinessReports, type ReadinessCheck } from '@wxgw/platform'
import type { Metrics } from '@wxgw/runtime'
import { isDraining } from '../drain.ts'
import { notFound } from '../error-handler.ts'
import { healthSchemas } from '../schemas/health.ts'
import type { GatewayServer } from '../server.ts'

export function livenessRoute(app: GatewayServer): void {
  app.get('/healthz', { schema: healthSchemas.liveness }, () => ({ status: 'ok' as const }))
}

export function readinessRoutes(
  app: GatewayServer,
  { readiness, metrics }: { readiness: readonly ReadinessCheck[]; metrics?: Metrics | undefined },
): void {
  const report = createReadinessReports(readiness)

  app.get('/readyz', { schema: healthSchemas.readiness }, async (_request, reply) => {
    const answer = await report({ isDraining: isDraining(app) })
    return reply.code(answer.status === 'ready' ? 200 : 503).send(answer)
  })

  app.get('/metrics', { schema: healthSchemas.metrics }, async (_request, reply) => {
    if (metrics === undefined) return notFound()
    return reply.type(metrics.contentType).send(await metrics.text())
  })
}
