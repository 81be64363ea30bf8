// Owns: access_token, invalid, component_access_token, ticket and jssdk_config of the internal listener.
import type { Platform } from '@wxgw/platform'
import { Secret, type CurrentToken } from '@wxgw/wechat-core'
import { assertGranted, requireGrant } from '../auth/authenticate.ts'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { tokenSchemas } from '../schemas/tokens.ts'
import type { GatewayServer } from '../server.ts'

/** These routes and mpinfo are the only ones that answer tokens and tickets. */
export type TokenPlatform = Pick<Platform, 'componentAppId' | 'apiTickets'> & {
  authorizerTokens: Pick<Platform['authorizerTokens'], 'get' | 'reportInvalid'>
  componentTokens: Pick<Platform['componentTokens'], 'get'>
}

type Deps = { platforms: ReadonlyMap<string, TokenPlatform> }

export function tokenRoutes(app: GatewayServer, { platforms }: Deps): void {
  const onRequest = requireGrant({ action: 'tokens:read' })
  const config = { answersCredentials: true }

  app.get(`${PREFIX}/access_token/:APPID`, { schema: tokenSchemas.accessToken, config, onRequest }, async (request) => {
    const force = request.query.force === 'true'
    // Checked before any read: a refusal does not reveal what exists.
    if (force) assertGranted(request, 'tokens:force', request.params.APPID)
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    return tokenView(await platform.authorizerTokens.get(appId, { force }))
  })

  app.post(
    `${PREFIX}/access_token/:APPID/invalid`,
    { schema: tokenSchemas.invalid, config, onRequest },
    async (request) => {
      const platform = platformOf(platforms, request.params)
      const appId = authorizerAppIdOf(platform, request.params)
      return tokenView(await platform.authorizerTokens.reportInvalid(appId, new Secret(request.body.token)))
    },
  )

  app.get(
    `${PREFIX}/component_access_token`,
    {
      schema: tokenSchemas.componentAccessToken,
      config,
      onRequest: requireGrant({ action: 'tokens:read', wholePlatform: true }),
    },
    async (request) => tokenView(await platformOf(platforms, request.params).componentTokens.get()),
  )

  app.get(`${PREFIX}/ticket/:APPID`, { schema: tokenSchemas.ticket, config, onRequest }, async (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const { token, ...expiry } = tokenView(await platform.apiTickets.get(appId, request.query.type))
    return { ticket: token, ...expiry }
  })

  app.get(`${PREFIX}/jssdk_config/:APPID`, { schema: tokenSchemas.jsSdkConfig, onRequest }, async (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    return await platform.apiTickets.jsSdkConfig(appId, request.query.url)
  })
}

function tokenView({ token, expiresInSeconds, expiresAtMs }: CurrentToken): {
  token: string
  expires_in: number
  expiresAt: string
} {
  return { token: token.reveal(), expires_in: expiresInSeconds, expiresAt: isoTextOf(expiresAtMs) }
}

/** The size of the cache of written times. A token is read thousands of times, and formatting is a part of each. */
const MAX_WRITTEN = 1_000
const written = new Map<number, string>()

function isoTextOf(atMs: number): string {
  const known = written.get(atMs)
  if (known !== undefined) return known
  const text = new Date(atMs).toISOString()
  if (written.size >= MAX_WRITTEN) written.clear()
  written.set(atMs, text)
  return text
}
