// Owns: the public listener, for WeChat and browsers. It only registers routes, which have files of their own.
import { authorizerMessageRoute } from './push/authorizer-message-route.ts'
import { componentEventRoute } from './push/component-event-route.ts'
import { refuseEarly } from './push/early-refusals.ts'
import { countPushes } from './push/push-counts.ts'
import { acceptPushBodies } from './push/push-body.ts'
import { createRateLimits } from './rate-limits.ts'
import { publicAuthorizationInfoRoute } from './routes/authorization-info.ts'
import { publicAuthorizationUrlRoutes } from './routes/authorization-url.ts'
import { livenessRoute } from './routes/health.ts'
import { pageRoutes } from './routes/pages.ts'
import type { ServerDeps } from './server-deps.ts'
import { createServer, type GatewayServer } from './server.ts'
import { collectOpenApi } from './openapi.ts'

/** Not listening yet; `inject` works. Nothing is connected or started by it. */
export function createPublicServer(deps: ServerDeps): GatewayServer {
  const { app } = createServer('public', deps)
  collectOpenApi(app, deps)

  void app.register(async (scope: GatewayServer) => {
    acceptPushBodies(scope)
    countPushes(scope, deps.platforms)
    refuseEarly(scope, deps)
    componentEventRoute(scope, deps)
    authorizerMessageRoute(scope, deps)
  })

  void app.register(async (scope: GatewayServer) => {
    const limits = await createRateLimits(scope, deps.config.authurlRatePerMinute)
    publicAuthorizationUrlRoutes(scope, { ...deps, onRequest: limits.createUrl })
    publicAuthorizationInfoRoute(scope, { ...deps, onRequest: limits.lookUp })
    pageRoutes(scope, { ...deps, limits })
    livenessRoute(scope)
  })
  return app
}
