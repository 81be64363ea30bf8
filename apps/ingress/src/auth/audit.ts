// Owns: one log line per call of the internal listener: caller, route, subject and outcome. Never a token.
import { parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { Log } from '@wxgw/runtime'
import type { FastifyRequest } from 'fastify'
import type { GatewayServer } from '../server.ts'
import type { AuditLog } from './audit-log.ts'

type KnownPlatforms = { has(id: string): boolean }

/** `auditLog`: the entries that the console shows. */
type Deps = { log: Log; platforms: KnownPlatforms; auditLog: AuditLog | undefined }

export function auditCalls(scope: GatewayServer, { log, platforms, auditLog }: Deps): void {
  scope.addHook('onResponse', (request, reply, done) => {
    const { platform, authorizer, subscription } = subjectOf(request, platforms)
    auditLog?.note(request, reply, { platform, authorizer, subscription })
    log.info(
      // Written out, not spread: spreads were a twentieth of what a token read costs.
      {
        caller: request.caller?.name,
        method: request.method,
        route: request.routeOptions.url,
        platform,
        appid: authorizer,
        subscription,
        force: isForced(request) ? true : undefined,
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

// Only checked values: a path may contain anything.
function subjectOf({ params }: FastifyRequest, platforms: KnownPlatforms) {
  const { platform = '', APPID, name } = params as Record<string, string | undefined>
  return {
    platform: platforms.has(platform) ? platform : undefined,
    authorizer: parseAuthorizerAppId(APPID),
    subscription: name !== undefined && /^[a-z0-9-]{1,63}$/.test(name) ? name : undefined,
  }
}

function isForced({ query }: FastifyRequest): boolean {
  return (query as Record<string, string | undefined>)['force'] === 'true'
}
