// Owns: GET proxy_token/:APPID of the internal listener.
import type { Platform } from '@wxgw/platform'
import { requireGrant, callerOf } from '../auth/authenticate.ts'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import { callSchemas } from '../schemas/calls.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import type { StandIns } from './stand-ins.ts'

export type StandInPlatform = Pick<Platform, 'id' | 'componentAppId'>

type Deps = { platforms: ReadonlyMap<string, StandInPlatform>; standIns: StandIns }

export function standInRoute(app: GatewayServer, { platforms, standIns }: Deps): void {
  const onRequest = requireGrant({ action: 'api:call' })
  const config = { answersCredentials: true }
  app.get(`${PREFIX}/proxy_token/:APPID`, { schema: callSchemas.standIn, config, onRequest }, (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const { token, expiresInSeconds, expiresAtMs } = standIns.issue(callerOf(request), { platform: platform.id, appId })
    return { token: token.reveal(), expires_in: expiresInSeconds, expiresAt: new Date(expiresAtMs).toISOString() }
  })
}
