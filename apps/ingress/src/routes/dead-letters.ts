// Owns: the dead letters of a subscription, on the internal listener. A narrowed right reaches those of its own
// accounts: the `match` may have been wider when they were stored.
import type { Platform } from '@wxgw/platform'
import { requireGrant, visibleAuthorizers } from '../auth/authenticate.ts'
import { createContentView } from '../auth/event-content.ts'
import { emptyBodyAllowed } from '../http/json-body.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { subscriptionSchemas } from '../schemas/subscriptions.ts'
import type { GatewayServer } from '../server.ts'
import { subscriptionOf, type SubscriptionReader } from './subscriptions.ts'

export type DeadLetterPlatform = SubscriptionReader & {
  deadLetters: Pick<Platform['deadLetters'], 'list' | 'replay' | 'discard'>
}

type Deps = { platforms: ReadonlyMap<string, DeadLetterPlatform>; paging: Paging; slots: RequestSlots }

export function deadLetterRoutes(app: GatewayServer, { platforms, paging, slots }: Deps): void {
  const path = `${PREFIX}/subscriptions/:name/dead-letters`
  const read = requireGrant({ action: 'subscriptions:read' })
  const write = requireGrant({ action: 'subscriptions:write' })

  app.get(
    path,
    { schema: subscriptionSchemas.deadLetters, onRequest: read, preHandler: slots.long },
    async (request) => {
      const platform = platformOf(platforms, request.params)
      const { name } = await subscriptionOf(request, platform, 'subscriptions:read')
      const only = visibleAuthorizers(request, 'subscriptions:read')
      const asked = { ...paging.read(request), only, reason: request.query.reason }
      const { items, nextCursor, scannedTo } = await platform.deadLetters.list(name, asked)
      const show = createContentView(request)
      const shown = items.map((letter) => ({ ...letter, event: show(letter.event) }))
      const page = paging.answer(request, { items: shown, nextCursor })
      return { ...page, ...(scannedTo === undefined ? {} : { scannedTo }) }
    },
  )

  const replay = {
    schema: subscriptionSchemas.replayDeadLetters,
    onRequest: write,
    preValidation: emptyBodyAllowed,
    preHandler: slots.long,
  }
  app.post(`${path}/replay`, replay, async (request, reply) => {
    const platform = platformOf(platforms, request.params)
    const { name } = await subscriptionOf(request, platform, 'subscriptions:write')
    const only = visibleAuthorizers(request, 'subscriptions:write')
    return reply.code(202).send({ replayed: await platform.deadLetters.replay(name, request.body.ids, only) })
  })

  app.delete(
    path,
    { schema: subscriptionSchemas.discardDeadLetters, onRequest: write, preHandler: slots.long },
    async (request) => {
      const platform = platformOf(platforms, request.params)
      const { name } = await subscriptionOf(request, platform, 'subscriptions:write')
      const ids = request.query.ids?.split(',').filter((id) => id !== '')
      return {
        discarded: await platform.deadLetters.discard(name, ids, visibleAuthorizers(request, 'subscriptions:write')),
      }
    },
  )
}
