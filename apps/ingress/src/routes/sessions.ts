// Owns: authorization sessions on the internal listener. session-pages.ts has their public page.
import { authorizationSessionView } from '@wxgw/contracts'
import type { Platform, Session } from '@wxgw/platform'
import type { Action, Config } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { allowedReturnUrl, publicUrl, sessionPath } from '../browser-urls.ts'
import { assertGranted, forbidden, requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { authorizerAppIdOf, platformOf, unknownSession } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { DEFAULT_EXPIRES_IN_SECONDS, sessionSchemas } from '../schemas/sessions.ts'
import type { GatewayServer } from '../server.ts'

export type SessionPlatform = Pick<Platform, 'id' | 'componentAppId'> & {
  sessions: Pick<Platform['sessions'], 'create' | 'get' | 'list' | 'cancel'>
}

type Deps = {
  config: Pick<Config, 'publicListener' | 'authRedirectOrigins'>
  platforms: ReadonlyMap<string, SessionPlatform>
  paging: Paging
  slots: RequestSlots
}

/** Neither Redis nor a URL can store it. */
const LONE_SURROGATE = /\p{Surrogate}/u

export function sessionRoutes(app: GatewayServer, { config, platforms, paging, slots }: Deps): void {
  const read = requireGrant({ action: 'sessions:read' })
  const write = requireGrant({ action: 'sessions:write' })
  const path = `${PREFIX}/authorization-sessions`

  app.post(path, { schema: sessionSchemas.create, onRequest: write }, async (request, reply) => {
    const platform = platformOf(platforms, request.params)
    const { reference, tags = {}, type, authType, appid, categoryIdList, returnUrl, expiresInSeconds } = request.body
    assertGranted(request, 'sessions:write', appid)
    if ([reference, ...Object.entries(tags).flat()].some((text) => LONE_SURROGATE.test(text))) {
      throw new GatewayError('INVALID_REQUEST', 'the reference or a tag is not valid Unicode')
    }
    const session = {
      reference,
      tags,
      type,
      authType,
      appId: appid === undefined ? undefined : authorizerAppIdOf(platform, { APPID: appid }),
      categoryIdList,
      returnUrl: returnUrl === undefined ? undefined : allowedReturnUrl({ config }, returnUrl),
      isNarrowed: visibleAuthorizers(request, 'sessions:write') !== undefined,
      expiresInSeconds: expiresInSeconds ?? DEFAULT_EXPIRES_IN_SECONDS,
    }
    const link = createLinks(config, platform)
    return reply.code(201).send(link(await platform.sessions.create(session)))
  })

  app.get(path, { schema: sessionSchemas.list, onRequest: read, preHandler: slots.long }, async (request) => {
    const { reference, status } = request.query
    const only = visibleAuthorizers(request, 'sessions:read')
    const { sessions } = platformOf(platforms, request.params)
    const { items, nextCursor } = await sessions.list({ ...paging.read(request), reference, status, only })
    const isNarrowed = only !== undefined
    return paging.answer(request, {
      items: items.map((session) => authorizationSessionView(session, { isNarrowed })),
      nextCursor,
    })
  })

  app.get(`${path}/:sessionId`, { schema: sessionSchemas.one, onRequest: read }, async (request) => {
    const session = await sessionOf(request, platformOf(platforms, request.params), 'sessions:read')
    const isNarrowed = visibleAuthorizers(request, 'sessions:read') !== undefined
    return authorizationSessionView(session, { isNarrowed })
  })

  app.get(`${path}/:sessionId/link`, { schema: sessionSchemas.link, onRequest: read }, async (request) => {
    const platform = platformOf(platforms, request.params)
    const session = await sessionOf(request, platform, 'sessions:read')
    return createLinks(config, platform)(session)
  })

  app.delete(`${path}/:sessionId`, { schema: sessionSchemas.cancel, onRequest: write }, async (request, reply) => {
    const platform = platformOf(platforms, request.params)
    const { id } = await sessionOf(request, platform, 'sessions:write')
    const outcome = await platform.sessions.cancel(id)
    if (outcome === 'unknown') throw unknownSession()
    if (outcome === 'completed')
      throw new GatewayError('SESSION_COMPLETED', 'the session is completed: nothing is left to cancel')
    return reply.code(204).send(null)
  })
}

/** Throws PUBLIC_BASE_URL_MISSING. */
function createLinks({ publicListener: { baseUrl } }: Pick<Config, 'publicListener'>, platform: Pick<Platform, 'id'>) {
  if (baseUrl === undefined)
    throw new GatewayError('PUBLIC_BASE_URL_MISSING', 'PUBLIC_BASE_URL is not set: no link can be made')
  return ({ id, expiresAtMs }: Pick<Session, 'id' | 'expiresAtMs'>) => {
    const url = publicUrl(baseUrl, sessionPath(platform.id, id))
    return { sessionId: id, url, expiresAt: new Date(expiresAtMs).toISOString() }
  }
}

/** Throws SESSION_NOT_FOUND, or FORBIDDEN, which a narrowed right gets for a missing session too. */
async function sessionOf(
  request: FastifyRequest<{ Params: { platform: string; sessionId: string } }>,
  platform: SessionPlatform,
  action: Action,
): Promise<Session> {
  const session = await platform.sessions.get(request.params.sessionId)
  const only = visibleAuthorizers(request, action)
  if (only !== undefined && !only.includes(ownerOf(session) ?? '')) throw forbidden()
  if (session === undefined) throw unknownSession()
  return session
}

/** The account of the session: the requested one, else the one that authorized. */
function ownerOf(session: Session | undefined): string | undefined {
  return session?.appId ?? session?.authorizedAppId
}
