// Owns: the two pages of a platform: the start of an authorization, and the landing page after it.
import { requestedSets } from '@wxgw/contracts'
import { permissionSetIds, Secret } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { profileOf } from '../account-profile.ts'
import { authorizationUrlRequest, authorizePath, publicUrl, type AuthorizationUrlParameters } from '../browser-urls.ts'
import { sendPage } from '../pages/answer-page.ts'
import { landedPage } from '../pages/landed-page.ts'
import { qrCode } from '../pages/qr-code.ts'
import { startPage } from '../pages/start-page.ts'
import { visitorOf } from '../pages/visitor.ts'
import { platformOf } from '../platform-lookup.ts'
import { authorizationSchemas, START_PARAMETERS } from '../schemas/authorizations.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import type { PageDeps } from './pages.ts'

export function platformPages(scope: GatewayServer, deps: PageDeps): void {
  const { platforms, limits } = deps

  // Only the click costs a pre_auth_code.
  scope.get(
    `${PREFIX}/authorize`,
    { schema: authorizationSchemas.startPage, onRequest: limits.view, config: { reads: START_PARAMETERS } },
    async (request, reply) => {
      const { id } = platformOf(platforms, request.params)
      const visitor = visitorOf(request)
      // Checked here, too, not only at the click.
      const asked = startParametersOf(request.query)
      const { categoryIdList } = authorizationUrlRequest(deps, id, asked)
      const search = searchOf(asked)
      return sendPage(
        reply,
        visitor.language,
        startPage({
          visitor,
          action: `authorize/go${search}`,
          qrCode: await qrCode(
            `${publicUrl(deps.config.publicListener.baseUrl, authorizePath(id)) ?? ownAddress(request)}${search}`,
          ),
          requestedSets: requestedSets({ categoryIdList }),
        }),
      )
    },
  )

  const click = {
    schema: authorizationSchemas.startClick,
    onRequest: limits.createUrl,
    config: { reads: START_PARAMETERS, wayBack: (_: unknown, query: string) => `../authorize${query}` },
  }
  scope.post(`${PREFIX}/authorize/go`, click, async (request, reply) => {
    const platform = platformOf(platforms, request.params)
    const type = request.query.type ?? (visitorOf(request).isPhone ? 'mobile' : 'scancode')
    const asked = authorizationUrlRequest(deps, platform.id, { ...request.query, type })
    const { url } = await platform.authorizations.createAuthorizationUrl(asked)
    return reply.redirect(url, 303)
  })

  const landing = {
    schema: authorizationSchemas.landingPage,
    onRequest: limits.lookUp,
    config: { wayBack: () => 'authorize' },
  }
  scope.get(`${PREFIX}/authorized`, landing, async (request, reply) => {
    // The code is in the page's URL: send no Referer at all.
    reply.header('referrer-policy', 'no-referrer')
    const platform = platformOf(platforms, request.params)
    const { authorizerAppId: appId, funcInfo } = await platform.authorizations.exchangeLandedCode(
      new Secret(request.query.auth_code),
    )
    const { language } = visitorOf(request)
    const profile = await profileOf(deps, platform, appId)
    return sendPage(reply, language, landedPage({ language, appId, profile, grantedSets: permissionSetIds(funcInfo) }))
  })
}

/** Drops parameters that others have added to the link. */
function startParametersOf(query: AuthorizationUrlParameters): AuthorizationUrlParameters {
  return Object.fromEntries(Object.entries(query).filter(([name]) => START_PARAMETERS.includes(name)))
}

function searchOf(parameters: AuthorizationUrlParameters): string {
  const query = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
  return query === '' ? '' : `?${query}`
}

/** Without PUBLIC_BASE_URL, the URL by which this visitor reached the page. */
function ownAddress({ protocol, host, url }: FastifyRequest): string {
  return `${protocol}://${host}${url.split('?')[0]}`
}
