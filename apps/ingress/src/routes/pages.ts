// Owns: what all pages of the public listener share: headers, error pages, and ignoring the body of a form.
import helmet from '@fastify/helmet'
import type { Platform } from '@wxgw/platform'
import type { Config, Log } from '@wxgw/runtime'
import type { ProfilePlatform } from '../account-profile.ts'
import type { AuthorizationUrlDeps } from '../browser-urls.ts'
import { createPageErrorHandler } from '../error-handler.ts'
import { acceptNoBody } from '../http/no-body.ts'
import { pageHeaders } from '../pages/layout.ts'
import type { RateLimits } from '../rate-limits.ts'
import type { GatewayServer } from '../server.ts'
import { platformPages } from './platform-pages.ts'
import { sessionPages } from './session-pages.ts'

export type PagePlatform = ProfilePlatform & {
  authorizations: Pick<Platform['authorizations'], 'createAuthorizationUrl' | 'exchangeLandedCode'>
  sessions: Pick<Platform['sessions'], 'open' | 'click' | 'hasClick' | 'land'>
}

export type PageDeps = AuthorizationUrlDeps & {
  config: Pick<Config, 'wechat'>
  platforms: ReadonlyMap<string, PagePlatform>
  log: Log
  limits: RateLimits
}

export function pageRoutes(app: GatewayServer, deps: PageDeps): void {
  void app.register(async (scope: GatewayServer) => {
    scope.setErrorHandler(createPageErrorHandler(deps))
    await scope.register(helmet, { global: true, ...pageHeaders(deps.config.wechat) })
    acceptNoBody(scope)
    platformPages(scope, deps)
    sessionPages(scope, deps)
  })
}
