// Owns: the attempts at the deliveries of one event, on the internal listener.
import { requireGrant } from '../auth/authenticate.ts'
import { createContentSight } from '../auth/event-content.ts'
import type { Paging } from '../paging/paging.ts'
import { platformOf, type Platforms } from '../platform-lookup.ts'
import { attemptSchemas } from '../schemas/attempts.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import { eventOf } from './events.ts'

/** Who may see an event sees the attempts at all of its deliveries. What a consumer answered is content. */
export function attemptRoutes(app: GatewayServer, { platforms, paging }: { platforms: Platforms; paging: Paging }): void {
  const read = requireGrant({ action: 'events:read' })
  app.get(`${PREFIX}/events/:id/attempts`, { schema: attemptSchemas.list, onRequest: read }, async (request) => {
    const { id } = request.params
    const platform = platformOf(platforms, request.params)
    const { event } = await eventOf(request, platform, { id, action: 'events:read' })
    const page = await platform.events.attempts(id, paging.read(request))
    const showsContent = createContentSight(request)(event)
    return paging.answer(request, { ...page, items: page.items.map((made) => (showsContent ? made : { ...made, answer: null })) })
  })
}
