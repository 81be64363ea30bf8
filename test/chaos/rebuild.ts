// Owns: losing all of Redis while the gateway runs, and coming back from WeChat alone, without a person.
// `npm run test:chaos -- rebuild [authorizers]`, default 2,000.
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { startGateway } from '../helpers/gateway.ts'
import { readOptions } from '../helpers/read-options.ts'
import { startStopwatch } from '../helpers/stopwatch.ts'
import { until } from '../helpers/until.ts'
import { appIdOf } from '../packages/platform/token-fixture.ts'

export type RebuildReport = {
  authorizers: number
  /** From the loss until it was noticed, until all authorizers were known again, until all had a token of WeChat's. */
  noticedMs: number
  knownMs: number
  servingMs: number
  /** Calls of api_authorizer_token after the loss, and the most of them that began in one second. */
  refreshes: number
  peakPerSecond: number
  stale: number
  needPerson: number
}

export async function rebuildFromNothing(
  authorizers: number,
  onProgress?: (line: string) => void,
): Promise<RebuildReport> {
  const gateway = await startGateway({ workers: 1, env: { SWEEP_INTERVAL_SECONDS: '1' } })
  const { simulator } = gateway
  const redis = new Redis(gateway.redis.url)
  try {
    await simulator.pushTicket()
    await until(
      'there is a component token',
      async () => (await gateway.call('GET', '/component_access_token')).status === 200,
    )
    const appIds = Array.from({ length: authorizers }, (_, index) => appIdOf(index + 1))
    for (let from = 0; from < appIds.length; from += 50) {
      await Promise.all(
        appIds.slice(from, from + 50).map(async (appId) => {
          simulator.addAccount({ appId, userName: `gh_${appId}` })
          const { authorizationCode } = await simulator.authorize(appId, { push: false })
          const { status } = await gateway.call('GET', `/mpinfo?auth_code=${encodeURIComponent(authorizationCode)}`)
          if (status !== 200) throw new Error(`mpinfo answered ${status}`)
        }),
      )
    }
    const ingress = gateway.ingresses[0]
    const worker = gateway.workers[0]
    if (!ingress || !worker) throw new Error('an ingress and a worker')
    await until('the store has been seen', async () => (await redis.exists('wx:{open1}:key_check')) === 1)
    // The watch looks every five seconds: it has to have seen the mark once.
    await until('the watch has begun', () => worker.process.logLines().some(({ msg }) => msg === 'ticket.received'))
    simulator.clearCalls()
    await redis.flushall()
    const lostAt = performance.now()
    const sinceLoss = () => Math.round(performance.now() - lostAt)
    const ownMs = startStopwatch()
    await until('it is noticed', () => worker.process.logLines().some(({ msg }) => msg === 'store.emptied'), {
      timeoutMs: 20_000,
    })
    const noticedMs = Math.round(ownMs())
    await until('all are known', async () => (await redis.zcard('wx:{open1}:authorizers')) === authorizers, {
      timeoutMs: 120_000,
      everyMs: 50,
    })
    const knownMs = sinceLoss()
    const timeoutMs = 60_000 + authorizers * 200
    const tokens = async () => {
      let found = 0
      for (let from = 0; from < appIds.length; from += 500) {
        const values = await redis.mget(
          appIds.slice(from, from + 500).map((appId) => `wx:{open1}:access_token:${appId}`),
        )
        found += values.filter((value) => value !== null).length
      }
      onProgress?.(`${Math.round(sinceLoss() / 1000)} s: ${found} of ${authorizers} serve`)
      return found
    }
    await until('all serve', async () => (await tokens()) === authorizers, {
      timeoutMs,
      everyMs: authorizers > 1000 ? 5_000 : 100,
    })
    const servingMs = sinceLoss()
    const perSecond = new Map<number, number>()
    for (const { api, at } of simulator.calls) {
      const second = Math.floor(Date.parse(at) / 1000)
      if (api === 'api_authorizer_token') perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
    }
    const report = {
      authorizers,
      noticedMs,
      knownMs,
      servingMs,
      refreshes: simulator.countCalls('api_authorizer_token'),
      peakPerSecond: Math.max(...perSecond.values()),
      stale: 0,
      needPerson: 0,
    }
    for (const appId of appIds) {
      const [token, status] = await Promise.all([
        redis.get(`wx:{open1}:access_token:${appId}`),
        redis.hget(`wx:{open1}:authorizer:${appId}`, 'status'),
      ])
      if (token !== simulator.currentAccessToken(appId)) report.stale += 1
      if (status !== 'active') report.needPerson += 1
    }
    return report
  } finally {
    redis.disconnect()
    await gateway.stop()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { authorizers } = readOptions({ numbers: { authorizers: { default: 2_000 } } }).values
  const report = await rebuildFromNothing(authorizers, (line) => process.stdout.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(report)}\n`)
  process.exitCode = report.stale + report.needPerson === 0 ? 0 : 1
}
