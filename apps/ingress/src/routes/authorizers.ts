// Owns: authorizers and authorizers/sync of the internal listener.
import { permissionSet } from '@wxgw/catalogue'
import { authorizerView } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import { requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import type { Paging } from '../paging/paging.ts'
import type { Turns } from '../paging/turns.ts'
import { authorizerAppIdOf, platformOf, type Platforms } from '../platform-lookup.ts'
import { authorizerSchemas } from '../schemas/authorizers.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'

type Deps = { platforms: Platforms; paging: Paging; turns: Turns }

export function authorizerRoutes(app: GatewayServer, { platforms, paging, turns }: Deps): void {
  const read = requireGrant({ action: 'authorizers:read' })
  const sync = requireGrant({ action: 'authorizers:sync', wholePlatform: true })

  app.get(
    `${PREFIX}/authorizers`,
    { schema: authorizerSchemas.list, onRequest: read, preHandler: turns.long },
    async (request) => {
      const { authorizers } = platformOf(platforms, request.params)
      const only = visibleAuthorizers(request, 'authorizers:read')
      const { items, nextCursor } = await authorizers.list({ ...paging.read(request), only })
      return paging.answer(request, { items: items.map(authorizerView), nextCursor })
    },
  )

  app.get(`${PREFIX}/authorizers/:APPID`, { schema: authorizerSchemas.one, onRequest: read }, async (request) => {
    const platform = platformOf(platforms, request.params)
    const authorizer = await platform.authorizers.get(authorizerAppIdOf(platform, request.params))
    if (!authorizer) throw neverAuthorized()
    return authorizerView(authorizer)
  })

  const history = { schema: authorizerSchemas.history, onRequest: read, preHandler: turns.wait }
  app.get(`${PREFIX}/authorizers/:APPID/history`, history, async (request) => {
    const platform = platformOf(platforms, request.params)
    const appId = authorizerAppIdOf(platform, request.params)
    const page = await platform.authorizers.history(appId, paging.read(request))
    // One that authorized before there was a history has none yet.
    if (page.items.length === 0 && !(await platform.authorizers.get(appId))) throw neverAuthorized()
    const ids = page.items.flatMap(({ addedSets, removedSets }) => [...addedSets, ...removedSets])
    return { ...paging.answer(request, page), sets: namesOf(ids) }
  })

  app.post(
    `${PREFIX}/authorizers/sync`,
    { schema: authorizerSchemas.sync, onRequest: sync },
    async (request, reply) => {
      return reply.code(202).send(await platformOf(platforms, request.params).inbox.sync())
    },
  )

  app.get(
    `${PREFIX}/authorizers/sync/:jobId`,
    { schema: authorizerSchemas.syncState, onRequest: sync },
    async (request) => {
      const state = await platformOf(platforms, request.params).inbox.syncState(request.params.jobId)
      if (!state) throw new GatewayError('SYNC_JOB_NOT_FOUND', 'there is no such synchronisation, or it was long ago')
      return state
    },
  )
}

function neverAuthorized(): GatewayError {
  return new GatewayError('AUTHORIZER_NOT_FOUND', 'this account has never authorized the platform')
}

function namesOf(ids: readonly number[]) {
  return [...new Set(ids)]
    .flatMap((id) => permissionSet(id) ?? [])
    .map(({ id, nameZh, nameEn }) => ({ id, nameZh, nameEn }))
}
