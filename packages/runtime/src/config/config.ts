// Owns: the shape of a validated configuration: which setting of the table (settings.ts) becomes which member.
// load-config.ts reads members that come from several settings or from CONFIG_FILE.
import type { RedisSettings } from '@wxgw/contracts'
import type { CallerConfig } from './caller-config.ts'
import type { ConfigProblem } from './config-error.ts'
import type { DeclaredSubscription } from './declared-subscriptions.ts'
import type { PlatformConfig } from './platform-config.ts'
import type { SettingValues } from './settings.ts'

export type RedisConfig = RedisSettings & {
  /** How many replicas must have a write before it is acknowledged; 0 = none. */
  minReplicas: number
}

type Parts = {
  redis: RedisConfig
  platforms: readonly PlatformConfig[]
  callers: readonly CallerConfig[]
  /** From CONFIG_FILE. undefined without a file: this process then does not change declared subscriptions. */
  subscriptions: readonly DeclaredSubscription[] | undefined
  dedupeSeconds: number
  /** Warnings about settings, for the log of the start. */
  warnings: readonly ConfigProblem[]
}

export type Config = Readonly<ReturnType<typeof configOf>>

export function configOf(
  values: SettingValues,
  { redis, platforms, callers, subscriptions, dedupeSeconds, warnings }: Parts,
) {
  return {
    redis,
    messageShards: values.MESSAGE_SHARDS,
    /** The listeners that an ingress serves; at least one. */
    listeners: values.LISTENERS,
    /** Whether the internal listener serves the console. */
    console: values.CONSOLE === 'on',
    publicListener: {
      host: values.PUBLIC_HOST,
      port: values.PUBLIC_PORT,
      baseUrl: values.PUBLIC_BASE_URL,
      trustProxy: values.TRUST_PROXY,
    },
    internalListener: { host: values.INTERNAL_HOST, port: values.INTERNAL_PORT },
    /** 1 = the process itself, without a supervisor. */
    ingressProcesses: values.INGRESS_PROCESSES,
    workerListener: { host: values.WORKER_HOST, port: values.WORKER_PORT },
    platforms,
    callers,
    subscriptions,
    /** The first seals, all open. Empty only with ALLOW_UNSEALED=true. */
    sealingKeys: values.SEALING_KEYS ?? [],
    wechat: {
      apiBaseUrl: values.WX_API_BASE_URL,
      apiTimeoutMs: values.WX_API_TIMEOUT_MS,
      /** May hold credentials. */
      proxyUrl: values.WX_API_PROXY_URL,
      mpBaseUrl: values.WX_MP_BASE_URL,
      openBaseUrl: values.WX_OPEN_BASE_URL,
    },
    /** Calls of WeChat's APIs that are made for callers. */
    apiCalls: { maxBodyBytes: values.API_MAX_BODY_BYTES, timeoutMs: values.API_TIMEOUT_MS },
    authRedirectOrigins: values.AUTH_REDIRECT_ORIGINS,
    authurlRatePerMinute: values.AUTHURL_RATE_PER_MINUTE,
    webhookAllowNetworks: values.WEBHOOK_ALLOW_NETWORKS,
    refreshMarginSeconds: values.REFRESH_MARGIN_SECONDS,
    sweepIntervalSeconds: values.SWEEP_INTERVAL_SECONDS,
    forceMinIntervalSeconds: values.FORCE_MIN_INTERVAL_SECONDS,
    pushMaxSkewSeconds: values.PUSH_MAX_SKEW_SECONDS,
    dedupeSeconds,
    replyDeadlineMs: values.REPLY_DEADLINE_MS,
    eventLogSeconds: values.EVENT_LOG_SECONDS,
    /** Per platform. */
    eventLogMaxEvents: values.EVENT_LOG_MAX_EVENTS,
    spoolDir: values.SPOOL_DIR,
    logLevel: values.LOG_LEVEL,
    warnings,
  }
}
