// Owns: GET /healthz of both listeners, GET /readyz and GET /metrics of the internal one. What is checked is handed in.
import { setTimeout as delay } from 'node:timers/promises'
import type { Metrics } from '@wxgw/runtime'
import { isDraining } from '../drain.ts'
import { notFound } from '../error-handler.ts'
import { healthSchemas } from '../schemas/health.ts'
import type { GatewayServer } from '../server.ts'

/** undefined = well, else the reason why not, fit for anybody's eyes. */
export type ReadinessCheck = { name: string; check(): Promise<string | undefined> }

/** A check that takes longer has failed: whoever asks has a deadline too. */
const CHECK_TIMEOUT_MS = 1500

export function livenessRoute(app: GatewayServer): void {
  app.get('/healthz', { schema: healthSchemas.liveness }, () => ({ status: 'ok' as const }))
}

export function readinessRoutes(
  app: GatewayServer,
  { readiness, metrics }: { readiness: readonly ReadinessCheck[]; metrics?: Metrics | undefined },
): void {
  app.get('/readyz', { schema: healthSchemas.readiness }, async (_request, reply) => {
    const outcomes = await Promise.all(readiness.map(runCheck))
    const checks = isDraining(app) ? [...outcomes, { name: 'serving', ok: false, reason: 'shutting down' }] : outcomes
    const ready = checks.every(({ ok }) => ok)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })

  app.get('/metrics', { schema: healthSchemas.metrics }, async (_request, reply) => {
    if (metrics === undefined) return notFound()
    return reply.type(metrics.contentType).send(await metrics.text())
  })
}

async function runCheck({ name, check }: ReadinessCheck): Promise<{ name: string; ok: boolean; reason?: string }> {
  const timeout = new AbortController()
  const late = delay(CHECK_TIMEOUT_MS, `no answer within ${CHECK_TIMEOUT_MS} ms`, { signal: timeout.signal })
  // The one that loses the race must not become an unhandled rejection; `late` rejects only when aborted here.
  late.catch(() => undefined)
  try {
    const reason = await Promise.race([check(), late])
    return reason === undefined ? { name, ok: true } : { name, ok: false, reason }
  } catch {
    // A check says its reason by returning it; what it throws may hold anything, so it is not shown.
    return { name, ok: false, reason: 'the check failed' }
  } finally {
    timeout.abort()
  }
}
