// Owns: wiring of the tokens of one platform and of its accounts, and of the events that their refreshes emit.
import { type GatewayEvent, platformEvent } from '@wxgw/contracts'
import {
  type AuthorizerStore,
  createAuthorizationCodeStore,
  createComponentTokenStore,
  type JobQueue,
  type PlatformKeys,
  type RedisConnection,
  type ReplicaBarrier,
  type Sealer,
  type Statistics,
} from '@wxgw/redis'
import type { Config, Log } from '@wxgw/runtime'
import {
  type AuthorizerAppId,
  type Clock,
  type ComponentApi,
  createAccountLookup,
  createAuthorizerTokens,
  createCodeExchange,
  createComponentTokens,
  createRefreshTokenSearch,
} from '@wxgw/wechat-core'
import { randomUUID } from 'node:crypto'
import type { PlatformHooks } from './platform-metrics.ts'

type TokensDeps = {
  hooks?: Pick<PlatformHooks, 'onRefresh' | 'onRefreshFailing'> | undefined
  config: Pick<Config, 'refreshMarginSeconds' | 'forceMinIntervalSeconds'>
  storeDeps: { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer; replicas: ReplicaBarrier }
  store: AuthorizerStore
  api: ComponentApi
  jobs: Pick<JobQueue, 'platformEvent'>
  statistics: Pick<Statistics, 'count'>
  clock: Clock
  log: Log
}

/** `codes`: the exchange of authorization codes for an account's first tokens. */
export function createTokens(deps: TokensDeps) {
  const { config, storeDeps, store, api, jobs, statistics, clock, log } = deps
  const { platform } = storeDeps
  const { refreshMarginSeconds } = config
  const forceMinIntervalMs = config.forceMinIntervalSeconds * 1000

  const announce = (event: GatewayEvent) => {
    jobs.platformEvent(event).catch((error: unknown) => {
      log.warn({ err: error, platform, type: event.type }, 'event.not_announced')
    })
  }

  const componentTokens = createComponentTokens({
    store: createComponentTokenStore(storeDeps),
    api,
    refreshMarginSeconds,
    forceMinIntervalMs,
    onOutcome: (outcome) => deps.hooks?.onRefresh({ platform, kind: 'component', outcome }),
  })
  const search = createRefreshTokenSearch({ api, componentTokens })
  const authorizerTokens = createAuthorizerTokens({
    store,
    api,
    componentTokens,
    search,
    refreshMarginSeconds,
    forceMinIntervalMs,
    onOutcome: (outcome) => {
      deps.hooks?.onRefresh({ platform, kind: 'authorizer', outcome })
      if (outcome !== 'superseded') statistics.count(outcome === 'refreshed' ? 'refreshed' : 'refreshFailed')
    },
    onRefreshed: (appId, expiresAtMs) => {
      announce(
        gatewayEvent('gateway.token.refreshed', appId, {
          appid: appId,
          expiresAt: new Date(expiresAtMs).toISOString(),
        }),
      )
    },
    onReauthorizationRequired: (appId) => {
      log.error({ platform, appid: appId }, 'authorizer.reauthorization_required')
      announce(gatewayEvent('gateway.authorizer.reauthorization_required', appId, { appid: appId }))
    },
    onRefreshFailing: (appId, { streak, errcode }) => {
      const data = { appid: appId, streak, ...(errcode === undefined ? {} : { errcode }) }
      log.error({ platform, ...data }, 'token.refresh_failing')
      deps.hooks?.onRefreshFailing({ platform, streak })
      announce(gatewayEvent('gateway.token.refresh_failing', appId, data))
    },
  })
  const codes = createCodeExchange({
    codes: createAuthorizationCodeStore(storeDeps),
    authorizations: store,
    api,
    componentTokens,
    accounts: createAccountLookup({ api, componentTokens, search }),
    refreshMarginSeconds,
    clock,
  })
  return { componentTokens, authorizerTokens, codes }

  function gatewayEvent(type: string, appId: AuthorizerAppId, data: Record<string, string | number>): GatewayEvent {
    const id = `gw_${randomUUID()}`
    return platformEvent({ id, platform, type, timeMs: clock.nowMs(), subject: appId, authorizerAppId: appId, data })
  }
}
