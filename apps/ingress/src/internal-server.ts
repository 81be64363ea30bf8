// Owns: the internal listener, for the operator's own services. It only registers routes, which have files of their
// own.
import { createCallObserver } from './api-calls/call-observer.ts'
import { callRoutes } from './api-calls/call-routes.ts'
import { createApiCallSlots } from './api-calls/call-slots.ts'
import { createQuotaBrake } from './api-calls/quota-brake.ts'
import { quotaClearingRoute } from './api-calls/quota-clearing-route.ts'
import { standInRoute } from './api-calls/stand-in-route.ts'
import { createStandIns } from './api-calls/stand-ins.ts'
import { createAuditLog } from './auth/audit-log.ts'
import { auditCalls } from './auth/audit.ts'
import { authenticate, decorateCalls } from './auth/authenticate.ts'
import { diagnosisRoute } from './console/diagnosis-route.ts'
import { recordRoutes } from './console/record-routes.ts'
import { consoleSessionRoutes } from './console/session-routes.ts'
import { createConsoleSessions } from './console/sessions.ts'
import { consoleSite } from './console/site.ts'
import { boundBodyTime } from './http/body-time.ts'
import { acceptJson } from './http/json-body.ts'
import { collectOpenApi, documentRoutes } from './openapi.ts'
import { createPaging } from './paging/paging.ts'
import { createRequestSlots } from './paging/request-slots.ts'
import { createPublicServer } from './public-server.ts'
import { fullAuthorizationInfoRoute } from './routes/authorization-info.ts'
import { internalAuthorizationUrlRoutes } from './routes/authorization-url.ts'
import { authorizerRoutes } from './routes/authorizers.ts'
import { catalogueRoute } from './routes/catalogue.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { attemptRoutes } from './routes/event-attempts.ts'
import { eventStreamRoute } from './routes/event-stream.ts'
import { eventRoutes } from './routes/events.ts'
import { livenessRoute, readinessRoutes } from './routes/health.ts'
import { replayRoutes } from './routes/replays.ts'
import { replyRoutes } from './routes/replies.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { statisticsRoutes } from './routes/statistics.ts'
import { subscriptionMatchRoute } from './routes/subscription-match.ts'
import { subscriptionStatsRoutes } from './routes/subscription-stats.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'
import { tokenRoutes } from './routes/tokens.ts'
import type { ServerDeps } from './server-deps.ts'
import { createServer, type GatewayServer } from './server.ts'

/** Not listening yet; `inject` works. Nothing is connected or started by it. */
export function createInternalServer(deps: ServerDeps): GatewayServer {
  const { app, countAnswer } = createServer('internal', deps)
  collectOpenApi(app, deps)
  const listDeps = { ...deps, paging: createPaging(deps.config), slots: createRequestSlots(deps.config) }
  const standIns = createStandIns({ ...deps.config, clock: deps.clock })
  const { records } = deps
  const auditLog = records && createAuditLog({ entries: records.audit, nowMs: deps.clock.nowMs })
  const auditDeps = { ...deps, auditLog }
  const observer = createCallObserver({ ...auditDeps, refusedCalls: records?.refusedCalls })
  const { console } = deps
  const sessions = console && createConsoleSessions({ ...deps, ended: console.ended })
  const callDeps = {
    ...deps,
    standIns,
    sessions,
    observer,
    slots: createApiCallSlots(),
    brake: createQuotaBrake(deps),
    countAnswer,
  }

  void app.register(async (scope: GatewayServer) => {
    authenticate(scope, { callers: deps.config.callers, sessions })
    auditCalls(scope, auditDeps)
    acceptJson(scope)
    scope.addHook('preParsing', boundBodyTime)
    scope.addHook('preParsing', listDeps.slots.largeBody)
    internalAuthorizationUrlRoutes(scope, deps)
    fullAuthorizationInfoRoute(scope, deps)
    sessionRoutes(scope, listDeps)
    tokenRoutes(scope, deps)
    authorizerRoutes(scope, listDeps)
    subscriptionRoutes(scope, listDeps)
    subscriptionStatsRoutes(scope, listDeps)
    subscriptionMatchRoute(scope, listDeps)
    deadLetterRoutes(scope, listDeps)
    replayRoutes(scope, listDeps)
    eventRoutes(scope, listDeps)
    attemptRoutes(scope, listDeps)
    eventStreamRoute(scope, { ...deps, sessions })
    replyRoutes(scope, deps)
    catalogueRoute(scope)
    standInRoute(scope, callDeps)
    quotaClearingRoute(scope, callDeps)
    statisticsRoutes(scope, listDeps)
    if (console) diagnosisRoute(scope, deps)
    if (console && records) recordRoutes(scope, { ...listDeps, records })
  })

  void app.register(async (scope: GatewayServer) => callRoutes(scope, callDeps))

  if (console && sessions) {
    void app.register(async (scope: GatewayServer) => {
      decorateCalls(scope)
      auditCalls(scope, auditDeps)
      acceptJson(scope)
      scope.addHook('preParsing', boundBodyTime)
      consoleSessionRoutes(scope, { ...deps, sessions })
    })
    void app.register(async (scope: GatewayServer) => consoleSite(scope, { ...deps, siteDir: console.siteDir }))
  }

  void app.register(async (scope: GatewayServer) => {
    livenessRoute(scope)
    readinessRoutes(scope, deps)
  })

  documentRoutes(app, deps, () => createPublicServer({ ...deps, metrics: undefined }))
  return app
}
