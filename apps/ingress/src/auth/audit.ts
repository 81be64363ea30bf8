// Owns: one line per call of the internal listener: who asked what about whom, and what became of it. Never a token.
import { parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { Log } from '@wxgw/runtime'
import type { FastifyRequest } from 'fastify'
import type { GatewayServer } from '../server.ts'

export function auditCalls(scope: GatewayServer, { log }: { log: Log }): void {
  scope.addHook('onResponse', (request, reply, done) => {
    log.info(
      {
        caller: request.caller?.name,
        method: request.method,
        route: request.routeOptions.url,
        ...subjectOf(request),
        action: request.neededAction,
        outcome: request.refusedWith ?? 'OK',
        statusCode: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        requestId: request.id,
      },
      'call.answered',
    )
    done()
  })
}

// What is unverified stays out: a path may hold anything.
function subjectOf({ params, query, caller }: FastifyRequest): Record<string, unknown> {
  const { platform, APPID, name } = params as Record<string, string | undefined>
  const { force } = query as Record<string, string | undefined>
  return {
    platform: caller === undefined ? undefined : platform?.slice(0, 32),
    appid: parseAuthorizerAppId(APPID),
    subscription: name !== undefined && /^[a-z0-9-]{1,63}$/.test(name) ? name : undefined,
    ...(force === 'true' ? { force: true } : {}),
  }
}
