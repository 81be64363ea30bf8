// Owns: the process that test/chaos/token-crash.ts kills: it refreshes all the authorizers named in its arguments at once, by the
// product's own code, says which of them failed, and ends.
import { openGateway } from '@wxgw/platform'
import { createLifecycle, createLogger, loadConfig } from '@wxgw/runtime'
import { GatewayError, parseAuthorizerAppId, systemClock as clock } from '@wxgw/wechat-core'

const config = loadConfig({ env: process.env })
const log = createLogger({ level: 'silent', name: 'token-refresher' })
const lifecycle = createLifecycle({ log, deadlineMs: 5_000 })
const gateway = await openGateway({ config, lifecycle, clock, log })
const [platform] = gateway.platforms.byId.values()
if (!platform) throw new Error('no platform')
const { authorizerTokens } = platform

const failures = await Promise.all(
  process.argv.slice(2).map(async (argument) => {
    const appId = parseAuthorizerAppId(argument)
    if (!appId) throw new Error('not an appid')
    try {
      await authorizerTokens.refreshNow(appId)
      return []
    } catch (error) {
      return [{ appId, code: error instanceof GatewayError ? error.code : 'INTERNAL' }]
    }
  }),
)
process.stdout.write(`${JSON.stringify(failures.flat())}\n`)
await lifecycle.stop('done')
process.exit(0)
