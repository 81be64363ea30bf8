// Owns: the statistics of one subscription's deliveries, on the internal listener.
import type { Platform } from '@wxgw/platform'
import { requireGrant } from '../auth/authenticate.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { statsSchemas } from '../schemas/subscription-stats.ts'
import type { GatewayServer } from '../server.ts'
import { subscriptionOf, type SubscriptionReader } from './subscriptions.ts'

export type StatsPlatform = SubscriptionReader & Pick<Platform, 'stats'>

type Deps = { platforms: ReadonlyMap<string, StatsPlatform>; slots: RequestSlots }

export function subscriptionStatsRoutes(app: GatewayServer, { platforms, slots }: Deps): void {
  const read = requireGrant({ action: 'subscriptions:read' })
  const options = { schema: statsSchemas.one, onRequest: read, preHandler: slots.wait }
  app.get(`${PREFIX}/subscriptions/:name/stats`, options, async (request) => {
    const platform = platformOf(platforms, request.params)
    const { name } = await subscriptionOf(request, platform, 'subscriptions:read')
    const {
      oldestWaitingMs,
      failingSinceMs,
      lastSuccessAtMs,
      lastError = null,
      ...stats
    } = await platform.stats.read(name)
    return {
      ...stats,
      oldestWaitingSeconds: oldestWaitingMs === null ? null : Math.floor(oldestWaitingMs / 1_000),
      failingSince: instant(failingSinceMs),
      lastSuccessAt: instant(lastSuccessAtMs),
      lastError,
    }
  })
}

function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
