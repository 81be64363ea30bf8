// Owns: GET /diagnosis of the internal listener.
import { diagnose, type ReadinessCheck } from '@wxgw/platform'
import { callerOf } from '../auth/authenticate.ts'
import { consoleReach, requireConsole } from '../auth/console-access.ts'
import { consoleSchemas } from '../schemas/console.ts'
import type { GatewayServer } from '../server.ts'

const OF_PLATFORM = /^ticket-(.+)$/

export function diagnosisRoute(app: GatewayServer, { readiness }: { readiness: readonly ReadinessCheck[] }): void {
  const config = { servesWithoutStore: true }
  app.get('/diagnosis', { schema: consoleSchemas.diagnosis, config, onRequest: requireConsole }, async (request) => {
    const reach = consoleReach(callerOf(request))
    const shown = readiness.filter(({ name }) => {
      const platform = OF_PLATFORM.exec(name)?.[1]
      return platform === undefined || reach?.covers(platform) === true
    })
    return { checks: await diagnose(shown) }
  })
}
