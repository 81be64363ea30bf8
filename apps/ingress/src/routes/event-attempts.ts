// Owns: the attempts at the deliveries of one event, on the internal listener.
import type { Platform } from '@wxgw/platform'
import { requireGrant } from '../auth/authenticate.ts'
import { createContentSight } from '../auth/event-content.ts'
import { namesOfDeliveries } from '../auth/subscription-access.ts'
import type { Paging } from '../paging/paging.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { attemptSchemas } from '../schemas/attempts.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import { eventOf, type EventReader } from './events.ts'

/** A caller that sees a delivery sees its attempts. A consumer's answer counts as content. */
export type AttemptPlatform = EventReader & {
  events: Pick<Platform['events'], 'attempts'>
  subscriptions: Pick<Platform['subscriptions'], 'all'>
}

type Deps = { platforms: ReadonlyMap<string, AttemptPlatform>; paging: Paging; slots: RequestSlots }

export function attemptRoutes(app: GatewayServer, { platforms, paging, slots }: Deps): void {
  const read = requireGrant({ action: 'events:read' })
  const list = { schema: attemptSchemas.list, onRequest: read, preHandler: slots.everyShard }
  app.get(`${PREFIX}/events/:id/attempts`, list, async (request) => {
    const { id } = request.params
    const platform = platformOf(platforms, request.params)
    const { event } = await eventOf(request, platform, { id, action: 'events:read' })
    const page = await platform.events.attempts(id, paging.read(request))
    const only = namesOfDeliveries(request, await platform.subscriptions.all())
    const items = page.items.filter(({ subscription }) => only?.has(subscription) ?? true)
    const showsContent = createContentSight(request)(event)
    return paging.answer(request, {
      ...page,
      items: items.map((made) => (showsContent ? made : { ...made, answer: null })),
    })
  })
}
