// Owns: authorizers and authorizers/sync of the internal listener.
import { permissionSet } from '@wxgw/catalogue'
import { isDeepStrictEqual } from 'node:util'
import { type AuthorizerView, authorizerView } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { AuthorizerFilter } from '@wxgw/redis'
import { type Authorizer, authorizerRevoked, GatewayError } from '@wxgw/wechat-core'
import { requireGrant, requireOneOf, visibleAuthorizers } from '../auth/authenticate.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import { authorizerSchemas } from '../schemas/authorizers.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'

export type AuthorizerPlatform = Pick<Platform, 'componentAppId'> & {
  authorizers: Pick<Platform['authorizers'], 'get' | 'list' | 'history'>
  authorizerTokens: Pick<Platform['authorizerTokens'], 'get'>
  authorizations: Pick<Platform['authorizations'], 'refreshProfile'>
  jobs: Pick<Platform['jobs'], 'sync'>
  syncStates: Pick<Platform['syncStates'], 'get'>
}

type Deps = { platforms: ReadonlyMap<string, AuthorizerPlatform>; paging: Paging; slots: RequestSlots }

export function authorizerRoutes(app: GatewayServer, { platforms, paging, slots }: Deps): void {
  const read = requireGrant({ action: 'authorizers:read' })
  const sync = requireGrant({ action: 'authorizers:sync', wholePlatform: true })

  app.get(
    `${PREFIX}/authorizers`,
    { schema: authorizerSchemas.list, onRequest: read, preHandler: slots.long },
    async (request) => {
      const { authorizers } = platformOf(platforms, request.params)
      const only = visibleAuthorizers(request, 'authorizers:read')
      const { items, nextCursor } = await authorizers.list({
        ...paging.read(request),
        only,
        filter: filterOf(request.query),
      })
      return paging.answer(request, { items: items.map(authorizerView), nextCursor })
    },
  )

  app.get(`${PREFIX}/authorizers/:APPID`, { schema: authorizerSchemas.one, onRequest: read }, async (request) => {
    const platform = platformOf(platforms, request.params)
    const authorizer = await platform.authorizers.get(authorizerAppIdOf(platform, request.params))
    if (!authorizer) throw neverAuthorized()
    return authorizerView(authorizer)
  })

  const refresh = { schema: authorizerSchemas.refresh, onRequest: requireGrant({ action: 'tokens:force' }) }
  app.post(`${PREFIX}/authorizers/:APPID/refresh`, refresh, async (request) => {
    const platform = platformOf(platforms, request.params)
    const { expiresAtMs } = await platform.authorizerTokens.get(authorizerAppIdOf(platform, request.params), {
      force: true,
    })
    return { expiresAt: new Date(expiresAtMs).toISOString() }
  })

  const compare = { schema: authorizerSchemas.compare, onRequest: requireOneOf(['authorizers:sync', 'tokens:force']) }
  app.post(`${PREFIX}/authorizers/:APPID/compare`, compare, async (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const before = await platform.authorizers.get(appId)
    if (!before) throw neverAuthorized()
    if (before.status === 'revoked') throw authorizerRevoked()
    const after = await platform.authorizations.refreshProfile(appId)
    return { changed: changedMembers(authorizerView(before), authorizerView(after)) }
  })

  const history = { schema: authorizerSchemas.history, onRequest: read, preHandler: slots.wait }
  app.get(`${PREFIX}/authorizers/:APPID/history`, history, async (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const page = await platform.authorizers.history(appId, paging.read(request))
    // An account that authorized before the history existed has none.
    if (page.items.length === 0 && !(await platform.authorizers.get(appId))) throw neverAuthorized()
    const ids = page.items.flatMap(({ addedSets, removedSets }) => [...addedSets, ...removedSets])
    return { ...paging.answer(request, page), sets: namesOf(ids) }
  })

  app.post(
    `${PREFIX}/authorizers/sync`,
    { schema: authorizerSchemas.sync, onRequest: sync },
    async (request, reply) => {
      return reply.code(202).send(await platformOf(platforms, request.params).jobs.sync())
    },
  )

  app.get(
    `${PREFIX}/authorizers/sync/:jobId`,
    { schema: authorizerSchemas.syncState, onRequest: sync },
    async (request) => {
      const state = await platformOf(platforms, request.params).syncStates.get(request.params.jobId)
      if (!state) throw new GatewayError('SYNC_JOB_NOT_FOUND', 'there is no such synchronisation, or it was long ago')
      return state
    },
  )
}

function neverAuthorized(): GatewayError {
  return new GatewayError('AUTHORIZER_NOT_FOUND', 'this account has never authorized the platform')
}

type FilterQuery = { status?: Authorizer['status']; missingScope?: string; q?: string }

function filterOf({ status, missingScope, q }: FilterQuery): AuthorizerFilter | undefined {
  if (status === undefined && missingScope === undefined && q === undefined) return undefined
  return { status, missingScope: missingScope === undefined ? undefined : Number(missingScope), q }
}

/** The compared members of WeChat's profile of an account. */
const COMPARED = [
  'nick_name',
  'user_name',
  'principal_name',
  'head_img',
  'service_type',
  'verify_type',
  'isMiniProgram',
  'func_info',
] as const

function changedMembers(before: AuthorizerView, after: AuthorizerView): Array<(typeof COMPARED)[number]> {
  return COMPARED.filter((member) => !isDeepStrictEqual(before[member], after[member]))
}

function namesOf(ids: readonly number[]) {
  return [...new Set(ids)]
    .flatMap((id) => permissionSet(id) ?? [])
    .map(({ id, nameZh, nameEn }) => ({ id, nameZh, nameEn }))
}
