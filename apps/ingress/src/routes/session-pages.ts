// Owns: the public side of an authorization session: its page, the click, and the landing page.
import { missingSets, requestedSets, shownAppId } from '@wxgw/contracts'
import type { Session, SessionEnd } from '@wxgw/platform'
import { GatewayError, permissionSetIds, Secret } from '@wxgw/wechat-core'
import type { FastifyReply } from 'fastify'
import { profileOf } from '../account-profile.ts'
import { isReturnUrlAllowed, publicUrl, sessionPath } from '../browser-urls.ts'
import { sendPage } from '../pages/answer-page.ts'
import { landedPage } from '../pages/landed-page.ts'
import { overPage, type OverStatus } from '../pages/over-page.ts'
import { qrCode } from '../pages/qr-code.ts'
import { startPage } from '../pages/start-page.ts'
import { visitorOf, type Language } from '../pages/visitor.ts'
import { platformOf, unknownSession } from '../platform-lookup.ts'
import { returnUrlWith } from '../return-url.ts'
import { PREFIX } from '../schemas/paths.ts'
import { sessionPageSchemas } from '../schemas/session-pages.ts'
import type { GatewayServer } from '../server.ts'
import type { PageDeps } from './pages.ts'

const STATUS_OF: Record<OverStatus, number> = { completed: 200, expired: 410, cancelled: 410, refused: 410 }

export function sessionPages(scope: GatewayServer, deps: PageDeps): void {
  const { config, platforms, limits } = deps
  const path = `${PREFIX}/a/:sessionId`

  const page = { schema: sessionPageSchemas.page, config: { isPage: true, reads: [] } }
  scope.get(path, page, async (request, reply) => {
    const { sessionId } = request.params
    const platform = platformOf(platforms, request.params)
    const session = await platform.sessions.open(sessionId)
    if (session === undefined) throw unknownSession()
    const visitor = visitorOf(request)
    if (session.status !== 'open') return sendOver(reply, session.status, visitor.language)
    const url = sessionUrl(platform.id, sessionId)
    return sendPage(
      reply,
      visitor.language,
      startPage({
        visitor,
        action: `${sessionId}/go`,
        qrCode: visitor.isPhone ? undefined : await qrCode(url),
        requestedSets: requestedSets(session),
      }),
    )
  })

  const click = {
    schema: sessionPageSchemas.click,
    config: { isPage: true, reads: [], wayBack: ({ sessionId }: Params) => `../${sessionId}` },
  }
  scope.post(`${path}/go`, click, async (request, reply) => {
    const { sessionId } = request.params
    const platform = platformOf(platforms, request.params)
    const { language, isPhone } = visitorOf(request)
    const url = sessionUrl(platform.id, sessionId)
    const outcome = await platform.sessions.click(sessionId, {
      defaultType: isPhone ? 'mobile' : 'scancode',
      landingUrl: (mark) => `${url}/landed/${mark}`,
    })
    switch (outcome?.kind) {
      case 'leads':
        return reply.redirect(outcome.url, 303)
      case 'over':
        return sendOver(reply, overStatusOf(outcome.session), language)
      case 'wait':
        throw new GatewayError('RATE_LIMITED', 'too many clicks on this link', {
          retry: true,
          retryAfterSeconds: outcome.retryAfterSeconds,
        })
      case undefined:
        throw unknownSession()
    }
  })

  const landing = {
    schema: sessionPageSchemas.landing,
    // Each code, even a forged one, costs a call to WeChat. Without a click the limit is counted by address.
    onRequest: limits.lookUpBy(async ({ platform = '', sessionId = '', mark = '' }) =>
      (await platforms.get(platform)?.sessions.hasClick(sessionId, mark)) ? sessionId : undefined,
    ),
    config: { isPage: true, wayBack: ({ sessionId }: Params) => `../../${sessionId}` },
  }
  scope.get(`${path}/landed/:mark`, landing, async (request, reply) => {
    // The code is in the page's URL: send no Referer at all.
    reply.header('referrer-policy', 'no-referrer')
    const { sessionId, mark } = request.params
    const platform = platformOf(platforms, request.params)
    const { language } = visitorOf(request)
    const { authorization, end } = await platform.sessions.land(sessionId, mark, new Secret(request.query.auth_code))
    const { authorizerAppId: appId, funcInfo } = authorization
    const status = end?.session.status
    const ended = end && isOf(end, appId) ? end.session : undefined
    const returnUrl = ended && returnUrlOf(ended)
    if (returnUrl !== undefined && isReturnUrlAllowed(deps, returnUrl)) return reply.redirect(returnUrl, 303)
    if (status === 'cancelled' || status === 'refused') return sendOver(reply, status, language)
    // The account is authorized, whatever the state of the session.
    const profile = await profileOf(deps, platform, appId)
    const sets = { grantedSets: permissionSetIds(funcInfo), missingSets: ended ? missingSets(ended) : [] }
    return sendPage(reply, language, landedPage({ language, appId, profile, ...sets }))
  })

  function sessionUrl(platformId: string, sessionId: string): string {
    const { baseUrl } = config.publicListener
    if (baseUrl === undefined)
      throw new GatewayError('PUBLIC_BASE_URL_MISSING', 'PUBLIC_BASE_URL is not set: the link leads nowhere')
    return publicUrl(baseUrl, sessionPath(platformId, sessionId))
  }
}

type Params = Readonly<Record<string, string>>

function sendOver(reply: FastifyReply, status: OverStatus, language: Language): FastifyReply {
  return sendPage(reply.code(STATUS_OF[status]), language, overPage({ status, language }))
}

/** A session that is stored as open but takes no click has expired. */
function overStatusOf({ status }: Session): OverStatus {
  return status === 'open' ? 'expired' : status
}

/** Ended by this authorization, or completed by the same account before. */
function isOf({ kind, session }: SessionEnd, appId: string): boolean {
  return kind !== 'other' || (session.status === 'completed' && session.authorizedAppId === appId)
}

function returnUrlOf(session: Session): string | undefined {
  const { id, reference, returnUrl, status, isNarrowed } = session
  if (returnUrl === undefined || (status !== 'completed' && status !== 'refused')) return undefined
  return returnUrlWith(returnUrl, { session: id, reference, appid: shownAppId(session, { isNarrowed }) ?? '', status })
}
