// Owns: GET proxy_token/:APPID of the internal listener.
import { requireGrant, callerOf } from '../auth/authenticate.ts'
import { authorizerAppIdOf, platformOf, type Platforms } from '../platform-lookup.ts'
import { callSchemas } from '../schemas/calls.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import type { StandIns } from './stand-ins.ts'

export function standInRoute(app: GatewayServer, { platforms, standIns }: { platforms: Platforms; standIns: StandIns }): void {
  const onRequest = requireGrant({ action: 'api:call' })
  const config = { answersCredentials: true }
  app.get(`${PREFIX}/proxy_token/:APPID`, { schema: callSchemas.standIn, config, onRequest }, (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const { token, expiresInSeconds, expiresAtMs } = standIns.issue(callerOf(request), { platform: platform.id, appId })
    return { token: token.reveal(), expires_in: expiresInSeconds, expiresAt: new Date(expiresAtMs).toISOString() }
  })
}
