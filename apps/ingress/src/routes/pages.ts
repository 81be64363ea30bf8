// Owns: the two pages of the public listener: where an authorization starts, and where WeChat sends the browser back.
import helmet from '@fastify/helmet'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { GatewayError, Secret, type AuthorizerAppId, type Authorizer } from '@wxgw/wechat-core'
import type { FastifyReply, onRequestHookHandler } from 'fastify'
import QRCode from 'qrcode'
import {
  authorizationUrlRequest,
  authorizePath,
  publicUrl,
  type AuthorizationUrlDeps,
  type AuthorizationUrlParameters,
} from '../authorization-url.ts'
import { createPageErrorHandler } from '../error-handler.ts'
import type { LogSampler } from '../log-sampler.ts'
import { errorPage } from '../pages/error-page.ts'
import { Html } from '../pages/html.ts'
import { landedPage } from '../pages/landed-page.ts'
import { PAGE_HEADERS } from '../pages/layout.ts'
import { startPage } from '../pages/start-page.ts'
import { platformOf, type Platforms } from '../platform-lookup.ts'
import { authorizationSchemas } from '../schemas/authorizations.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'

type Deps = AuthorizationUrlDeps & {
  platforms: Platforms
  log: Log
  sampler: LogSampler
  limitStart: onRequestHookHandler
  limitLanding: onRequestHookHandler
}

export function pageRoutes(app: GatewayServer, deps: Deps): void {
  void app.register(async (scope: GatewayServer) => {
    scope.setErrorHandler(createPageErrorHandler(deps, errorPage))
    await scope.register(helmet, { global: true, ...PAGE_HEADERS })

    const start = { schema: authorizationSchemas.startPage, onRequest: deps.limitStart }
    scope.get(`${PREFIX}/authorize`, start, async (request, reply) => {
      const platform = platformOf(deps.platforms, request.params)
      return sendPage(reply, await renderStart(deps, platform, request.query))
    })

    const landing = { schema: authorizationSchemas.landingPage, onRequest: deps.limitLanding }
    scope.get(`${PREFIX}/authorized`, landing, async (request, reply) => {
      // This page's address holds the code: not even its origin needs to go anywhere from here.
      reply.header('referrer-policy', 'no-referrer')
      const platform = platformOf(deps.platforms, request.params)
      const { authorizerAppId, funcInfo } = await platform.authorizations.exchangeCode(new Secret(request.query.auth_code))
      const profile = await profileOf(deps, platform, authorizerAppId)
      return sendPage(reply, landedPage({ appId: authorizerAppId, profile, permissions: funcInfo.length }))
    })
  })
}

async function renderStart(deps: Deps, platform: Platform, parameters: AuthorizationUrlParameters): Promise<string> {
  const create = (type: 'mobile' | 'scancode') => {
    return platform.authorizations.createAuthorizationUrl(authorizationUrlRequest(deps, platform.id, { ...parameters, type }))
  }
  const [scancode, mobile] = await Promise.all([create('scancode'), create('mobile')])
  // Leads a phone to this very page, so that WeChat's page is reached by a click from our own domain here too.
  const forPhones = thisPage(deps, platform.id, parameters) ?? mobile.url
  return startPage({
    scancodeUrl: scancode.url,
    mobileUrl: mobile.url,
    qrCode: new Html(await QRCode.toString(forPhones, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 })),
    expiresInSeconds: Math.min(scancode.expiresInSeconds, mobile.expiresInSeconds),
  })
}

function thisPage({ config }: Deps, platformId: string, parameters: AuthorizationUrlParameters): string | undefined {
  const url = publicUrl(config.publicListener.baseUrl, authorizePath(platformId))
  const query = new URLSearchParams(Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)])).toString()
  return url === undefined || query === '' ? url : `${url}?${query}`
}

/** The account is authorized whether or not WeChat tells its name now: the worker asks again. */
async function profileOf({ log }: Deps, platform: Platform, appId: AuthorizerAppId): Promise<Authorizer['profile']> {
  const known = await platform.authorizers.get(appId)
  if (known?.profile) return known.profile
  try {
    return (await platform.authorizations.refreshProfile(appId)).profile
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    log.warn({ platform: platform.id, appid: appId, code: error.code }, 'profile.missing')
    return undefined
  }
}

function sendPage(reply: FastifyReply, markup: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(markup)
}
