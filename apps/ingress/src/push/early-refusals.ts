// Owns: refusing a push by its path, query and headers before its body is read, so that an unsigned push costs next to
// nothing. wechat-core's envelope.ts checks the body.
import { checkPushQuery, GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { MAX_BODY_BYTES } from '../http/limits.ts'
import type { Pairs } from '../http/query-string.ts'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import type { GatewayServer } from '../server.ts'
import { checkMediaType } from './push-body.ts'
import { pushQuery, type PushDeps } from './push-context.ts'

type PushRoute = { Params: { platform: string; APPID?: string }; Querystring: Pairs }

/** Adds the check to every route of the scope: all of them take pushes. */
export function refuseEarly(scope: GatewayServer, deps: PushDeps): void {
  scope.addHook<PushRoute>('onRequest', (request, _reply, done) => {
    const refusal = request.method === 'POST' ? refusalOf(deps, request) : undefined
    if (refusal === undefined) done()
    // Deferred, so that a body that arrived with its head has been read and the connection can be reused.
    else setImmediate(done, refusal)
  })
}

function refusalOf(deps: PushDeps, request: FastifyRequest<PushRoute>): GatewayError | undefined {
  try {
    checkHead(deps, request)
    return undefined
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
}

/** Throws UNSUPPORTED_MEDIA_TYPE, PLATFORM_NOT_FOUND, INVALID_REQUEST, BODY_TOO_LARGE, and as checkPushQuery. */
function checkHead({ platforms, config, clock }: PushDeps, request: FastifyRequest<PushRoute>): void {
  const { params, query, headers } = request
  checkMediaType(request)
  const platform = platformOf(platforms, params)
  if (params.APPID !== undefined) authorizerAppIdOf(platform, { APPID: params.APPID })
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    throw new GatewayError('BODY_TOO_LARGE', 'the body is larger than this route accepts')
  }
  checkPushQuery({ query: pushQuery(query), nowMs: clock.nowMs(), maxSkewSeconds: config.pushMaxSkewSeconds })
}
