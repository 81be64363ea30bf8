// Owns: GET /apis/v1/wx/:platform/mpinfo: without the two tokens on the public listener, with them on the internal one.
import type { Authorization } from '@wxgw/platform'
import { Secret } from '@wxgw/wechat-core'
import type { onRequestHookHandler } from 'fastify'
import { assertGranted, mayDo, requireGrant } from '../auth/authenticate.ts'
import { platformOf, type Platforms } from '../platform-lookup.ts'
import { authorizationSchemas } from '../schemas/authorizations.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'

type Deps = { platforms: Platforms }

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
  app.get(path, { schema: authorizationSchemas.fullInfo, onRequest: requireGrant({ action: 'tokens:read' }) }, async (request) => {
    const platform = platformOf(platforms, request.params)
    const authorization = await platform.authorizations.exchangeCode(new Secret(request.query.auth_code))
    const { authorizerAppId, accessToken, refreshToken } = authorization
    // Whose the code is, only WeChat knows: a narrowed right can be judged only now.
    assertGranted(request, 'tokens:read', authorizerAppId)
    const withRefreshToken = refreshToken !== undefined && mayDo(request, 'refresh_tokens:read', authorizerAppId)
    return {
      ...publicView(authorization),
      ...(accessToken ? { authorizer_access_token: accessToken.token.reveal() } : {}),
      ...(withRefreshToken ? { authorizer_refresh_token: refreshToken.reveal() } : {}),
    }
  })
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
