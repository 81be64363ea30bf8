// Owns: GET /diagnosis of the internal listener.
import { diagnose, type DiagnosisCheck } from '@wxgw/platform'
import type { SettingsSummary } from '@wxgw/runtime'
import { callerOf } from '../auth/authenticate.ts'
import { type ConsoleReach, consoleReach, requireConsole } from '../auth/console-access.ts'
import { consoleSchemas } from '../schemas/console.ts'
import type { GatewayServer } from '../server.ts'

type Deps = { diagnosis: readonly DiagnosisCheck[]; settings: SettingsSummary }

export function diagnosisRoute(app: GatewayServer, { diagnosis, settings }: Deps): void {
  const config = { servesWithoutStore: true }
  app.get('/diagnosis', { schema: consoleSchemas.diagnosis, config, onRequest: requireConsole }, async (request) => {
    const reach = consoleReach(callerOf(request))
    if (reach === undefined) throw new Error('requireConsole has let nobody else in')
    const shown = diagnosis.filter(({ platform }) => platform === null || reach.covers(platform))
    return { checks: await diagnose(shown), settings: settingsWithin(settings, reach) }
  })
}

/** Only the platforms within reach; `callers` and `subscriptions` only for a caller that reaches all platforms. */
function settingsWithin(settings: SettingsSummary, reach: ConsoleReach): Record<string, unknown> {
  const { callers, platforms, subscriptions, ...rest } = settings
  return {
    ...rest,
    platforms: platforms.filter(({ id }) => reach.covers(id)),
    ...(reach.covers(null) ? { callers, subscriptions } : {}),
  }
}
