// Owns: GET /apis/v1/wx/:platform/mpinfo: without the two tokens on the public listener, with them on the internal one.
import type { Authorization, Platform } from '@wxgw/platform'
import { Secret } from '@wxgw/wechat-core'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { assertGranted, mayDo, requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import { platformOf } from '../platform-lookup.ts'
import { authorizationSchemas } from '../schemas/authorizations.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'

export type InfoPlatform = { authorizations: Pick<Platform['authorizations'], 'exchangeCode' | 'accountOf'> }

type Deps = { platforms: ReadonlyMap<string, InfoPlatform> }

const NEEDED = ['tokens:read', 'authorizations:write'] as const

const path = `${PREFIX}/mpinfo`

export function publicAuthorizationInfoRoute(
  app: GatewayServer,
  { platforms, onRequest }: Deps & { onRequest: onRequestHookHandler },
): void {
  app.get(path, { schema: authorizationSchemas.publicInfo, onRequest }, async (request) => {
    const platform = platformOf(platforms, request.params)
    return publicView(await platform.authorizations.exchangeCode(new Secret(request.query.auth_code)))
  })
}

export function fullAuthorizationInfoRoute(app: GatewayServer, { platforms }: Deps): void {
  const onRequest = NEEDED.map((action) => requireGrant({ action }))
  app.get(
    path,
    { schema: authorizationSchemas.fullInfo, config: { answersCredentials: true }, onRequest },
    async (request) => {
      const platform = platformOf(platforms, request.params)
      const code = new Secret(request.query.auth_code)
      await assertMayExchange(request, platform, code)
      const authorization = await platform.authorizations.exchangeCode(code)
      const { authorizerAppId, accessToken, refreshToken } = authorization
      const withRefreshToken = refreshToken !== undefined && mayDo(request, 'refresh_tokens:read', authorizerAppId)
      return {
        ...publicView(authorization),
        ...(accessToken ? { authorizer_access_token: accessToken.token.reveal() } : {}),
        ...(withRefreshToken ? { authorizer_refresh_token: refreshToken.reveal() } : {}),
      }
    },
  )
}

/**
 * Only WeChat knows which account a new code belongs to. A caller with narrowed rights therefore cannot exchange one:
 * it reaches codes that were exchanged before.
 */
async function assertMayExchange(
  request: FastifyRequest,
  { authorizations }: InfoPlatform,
  code: Secret,
): Promise<void> {
  const narrowed = NEEDED.some((action) => visibleAuthorizers(request, action) !== undefined)
  const appId = narrowed ? await authorizations.accountOf(code) : undefined
  for (const action of NEEDED) assertGranted(request, action, appId)
}

function publicView({ authorizerAppId, accessToken, funcInfo, createdAtMs, updatedAtMs }: Authorization) {
  return {
    authorizer_appid: authorizerAppId,
    ...(accessToken ? { expires_in: accessToken.expiresInSeconds } : {}),
    func_info: funcInfo,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  }
}
