// Owns: POST /subscriptions/match: which of the visible subscriptions match an event, and which member of the others
// does not.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { explainMatch, type GatewayEvent } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { FastifyRequest } from 'fastify'
import { assertGranted, requireGrant } from '../auth/authenticate.ts'
import { createReach } from '../auth/subscription-access.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { subscriptionSchemas } from '../schemas/subscriptions.ts'
import type { GatewayServer } from '../server.ts'
import { eventOf, type EventReader } from './events.ts'

export type MatchPlatform = EventReader & { subscriptions: Pick<Platform['subscriptions'], 'all'> }

type Deps = { platforms: ReadonlyMap<string, MatchPlatform>; slots: RequestSlots }

/** After this many (about 1 ms) the event loop is released, for WeChat's pushes. */
const EXPLAINED_AT_ONCE = 100

export function subscriptionMatchRoute(app: GatewayServer, { platforms, slots }: Deps): void {
  const onRequest = requireGrant({ action: 'subscriptions:read' })

  app.post(
    `${PREFIX}/subscriptions/match`,
    { schema: subscriptionSchemas.match, onRequest, preHandler: slots.long },
    async (request) => {
      const platform = platformOf(platforms, request.params)
      const { event, eventId } = request.body
      const explain = explainMatch(event ?? (await loggedEvent(request, platform, eventId ?? '')))
      const all = await platform.subscriptions.all(0)
      const shown = all.filter(createReach(request, 'subscriptions:read'))
      const items: Array<{ subscription: string; matches: boolean; reason: string | null }> = []
      for (const [index, subscription] of shown.entries()) {
        if (index % EXPLAINED_AT_ONCE === 0) await nextTurn()
        const failing = explain(subscription)
        items.push({ subscription: subscription.name, matches: failing === undefined, reason: failing ?? null })
      }
      return { items }
    },
  )
}

/** A recorded event of an account that both rights cover. Throws as `eventOf`. */
async function loggedEvent(request: FastifyRequest, platform: EventReader, id: string): Promise<GatewayEvent> {
  const { event } = await eventOf(request, platform, { id, action: 'events:read' })
  assertGranted(request, 'subscriptions:read', event.authorizerappid)
  return event
}
