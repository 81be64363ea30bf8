// Owns: the statistics of a platform on the internal listener: sums of each minute, and refused pushes.
import type { Platform } from '@wxgw/platform'
import { requireGrant } from '../auth/authenticate.ts'
import { instantMs } from '../http/instant.ts'
import type { RequestSlots } from '../paging/request-slots.ts'
import { platformOf } from '../platform-lookup.ts'
import { PREFIX } from '../schemas/paths.ts'
import { statisticsSchemas } from '../schemas/statistics.ts'
import type { GatewayServer } from '../server.ts'

export type StatisticsPlatform = { statistics: Pick<Platform['statistics'], 'read' | 'refusedPushes'> }

type Deps = { platforms: ReadonlyMap<string, StatisticsPlatform>; slots: RequestSlots }

export function statisticsRoutes(app: GatewayServer, { platforms, slots }: Deps): void {
  const onRequest = requireGrant({ action: 'events:read', wholePlatform: true })

  app.get(
    `${PREFIX}/statistics`,
    { schema: statisticsSchemas.statistics, onRequest, preHandler: slots.long },
    async (request) => {
      const { statistics } = platformOf(platforms, request.params)
      const { from, to, step } = request.query
      const stepMs = step === '3600' ? 3_600_000 : 60_000
      return { items: await statistics.read({ fromMs: instantMs(from), toMs: instantMs(to), stepMs }) }
    },
  )

  app.get(`${PREFIX}/refused-pushes`, { schema: statisticsSchemas.refusedPushes, onRequest }, async (request) => {
    return { items: await platformOf(platforms, request.params).statistics.refusedPushes() }
  })
}
