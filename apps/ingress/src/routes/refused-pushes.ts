// Owns: GET /refused-pushes of the internal listener: how many pushes of the last hour were refused, why, and where the last came from.
import { requireGrant } from '../auth/authenticate.ts'
import { platformOf, type Platforms } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { statisticsSchemas } from '../schemas/statistics.ts'
import type { GatewayServer } from '../server.ts'

export function refusedPushesRoute(app: GatewayServer, { platforms }: { platforms: Platforms }): void {
  const onRequest = requireGrant({ action: 'events:read', wholePlatform: true })

  app.get(`${PREFIX}/refused-pushes`, { schema: statisticsSchemas.refusedPushes, onRequest }, async (request) => {
    return { items: await platformOf(platforms, request.params).statistics.refusedPushes() }
  })
}
