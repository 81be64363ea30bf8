// Owns: GET and POST /apis/v1/wx/:platform/authurl, on both listeners.
import formbody from '@fastify/formbody'
import type { Platform } from '@wxgw/platform'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { authorizationUrlRequest, type AuthorizationUrlDeps, type AuthorizationUrlParameters } from '../browser-urls.ts'
import { assertGranted, requireGrant } from '../auth/authenticate.ts'
import { acceptJson, emptyBodyAllowed } from '../http/json-body.ts'
import { pairsFault, parsePairs } from '../http/query-string.ts'
import { checkPairs } from '../http/request-checks.ts'
import { platformOf } from '../platform-lookup.ts'
import { authorizationSchemas } from '../schemas/authorizations.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'

export type UrlPlatform = Pick<Platform, 'id'> & {
  authorizations: Pick<Platform['authorizations'], 'createAuthorizationUrl'>
}

type Deps = AuthorizationUrlDeps & { platforms: ReadonlyMap<string, UrlPlatform> }

type Access = {
  onRequest: onRequestHookHandler
  /** Throws when this caller may not ask for a link with these parameters. */
  assertMayAsk?(request: FastifyRequest, parameters: AuthorizationUrlParameters): void
}

export function publicAuthorizationUrlRoutes(
  app: GatewayServer,
  deps: Deps & { onRequest: onRequestHookHandler },
): void {
  authorizationUrlRoutes(app, deps, { onRequest: deps.onRequest })
}

export function internalAuthorizationUrlRoutes(app: GatewayServer, deps: Deps): void {
  authorizationUrlRoutes(app, deps, {
    onRequest: requireGrant({ action: 'authorizations:write' }),
    // Each link costs a pre_auth_code: a narrowed right makes links for its own accounts only.
    assertMayAsk: (request, parameters) => {
      assertGranted(request, 'authorizations:write', parameters.biz_appid)
    },
  })
}

function authorizationUrlRoutes(app: GatewayServer, deps: Deps, { onRequest, assertMayAsk }: Access): void {
  const path = `${PREFIX}/authurl`

  app.get(path, { schema: authorizationSchemas.urlByGet, onRequest }, (request) => {
    assertMayAsk?.(request, request.query)
    return createUrl(deps, request.params, request.query)
  })

  void app.register(async (scope: GatewayServer) => {
    scope.removeAllContentTypeParsers()
    acceptJson(scope)
    await scope.register(formbody, { parser: parsePairs })
    const options = { schema: authorizationSchemas.urlByPost, onRequest, preValidation: emptyBodyAllowed }
    scope.post(path, options, (request) => {
      checkPairs(pairsFault(request.body))
      const parameters = merged(request.query, request.body)
      assertMayAsk?.(request, parameters)
      return createUrl(deps, request.params, parameters)
    })
  })
}

async function createUrl(
  deps: Deps,
  params: { platform: string },
  parameters: AuthorizationUrlParameters,
): Promise<{ url: string; createdAt: string; expires_in: number }> {
  const platform = platformOf(deps.platforms, params)
  const request = authorizationUrlRequest(deps, platform.id, parameters)
  const { url, createdAtMs, expiresInSeconds } = await platform.authorizations.createAuthorizationUrl(request)
  return { url, createdAt: new Date(createdAtMs).toISOString(), expires_in: expiresInSeconds }
}

function merged(query: AuthorizationUrlParameters, body: AuthorizationUrlParameters): AuthorizationUrlParameters {
  if (Object.keys(body).some((name) => name in query)) {
    throw new GatewayError('INVALID_REQUEST', 'a parameter is given in the query and in the body')
  }
  return { ...query, ...body }
}
