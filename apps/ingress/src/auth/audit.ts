// Owns: one line per call of the internal listener: who asked what about whom, and what became of it. Never a token.
import { parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { Log } from '@wxgw/runtime'
import type { FastifyRequest } from 'fastify'
import type { Platforms } from '../platform-lookup.ts'
import type { GatewayServer } from '../server.ts'

type Deps = { log: Log; platforms: Platforms }

export function auditCalls(scope: GatewayServer, { log, platforms }: Deps): void {
  scope.addHook('onResponse', (request, reply, done) => {
    log.info(
      {
        caller: request.caller?.name,
        method: request.method,
        route: request.routeOptions.url,
        ...subjectOf(request, platforms),
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
function subjectOf({ params, query }: FastifyRequest, platforms: Platforms): Record<string, unknown> {
  const { platform = '', APPID, name } = params as Record<string, string | undefined>
  const { force } = query as Record<string, string | undefined>
  return {
    platform: platforms.has(platform) ? platform : undefined,
    appid: parseAuthorizerAppId(APPID),
    subscription: name !== undefined && /^[a-z0-9-]{1,63}$/.test(name) ? name : undefined,
    ...(force === 'true' ? { force: true } : {}),
  }
}
