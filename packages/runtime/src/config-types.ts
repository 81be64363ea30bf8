// Owns: the shape of a validated configuration. It is read and checked in config/load-config.ts.
import type { RedisSettings, SubscriptionInput } from '@wxgw/contracts'
import type { ComponentAppId, Secret } from '@wxgw/wechat-core'
import type { ConfigProblem } from './config/config-error.ts'

export type PlatformConfig = {
  /** The `:platform` of the routes, `^[a-z0-9][a-z0-9-]{0,31}$`. */
  id: string
  componentAppId: ComponentAppId
  componentAppSecret: Secret
  token: Secret
  encodingAesKey: Secret
  previousToken: Secret | undefined
  previousEncodingAesKey: Secret | undefined
  /** Are its events kept for /events and for replays? False keeps message text out of the log. */
  eventLog: boolean
}

/** What a grant may hold; what each gives stands in config/action-meanings.ts. */
export const ACTIONS = [
  'tokens:read',
  'tokens:force',
  'refresh_tokens:read',
  'authorizers:read',
  'authorizers:sync',
  'authorizations:write',
  'sessions:read',
  'sessions:write',
  'subscriptions:read',
  'subscriptions:write',
  'events:read',
  'events:replay',
  'events:content',
  'events:erase',
  'replies:write',
  'api:call',
  'component_api:call',
  'console:use',
] as const
export type Action = (typeof ACTIONS)[number]

/** Have an effect on the whole platform: none of them is given by a grant that is narrowed to authorizers. */
export const WHOLE_PLATFORM_ACTIONS: ReadonlySet<Action> = new Set(['authorizers:sync', 'component_api:call'])

/** undefined = all, in each of the four. */
export type Grant = {
  platforms: readonly string[] | undefined
  authorizers: readonly string[] | undefined
  actions: readonly Action[] | undefined
  /** Patterns of the WeChat paths that `api:call` and `component_api:call` reach: `*` stands for any text, `/` included. */
  apis?: readonly string[] | undefined
}

/** Someone who may call the internal listener. */
export type CallerConfig = {
  name: string
  key: Secret
  /** undefined = all rights. */
  grants: readonly Grant[] | undefined
  /** How many subscriptions that this caller created may exist on one platform. */
  maxSubscriptions: number
  /** How many calls of WeChat's APIs one process makes for this caller at once. */
  maxConcurrent: number
}

export const DEFAULT_MAX_SUBSCRIPTIONS = 200
export const DEFAULT_MAX_CONCURRENT = 64
/** Of all callers together, in one process. */
export const MAX_CONCURRENT_OF_PROCESS = 512

/** Of CONFIG_FILE. `input` has no secret in it; `secret` is a webhook's. */
export type DeclaredSubscription = { platform: string; name: string; input: SubscriptionInput; secret: Secret | undefined }

export type SealingKey = { id: string; key: Buffer }

export type RedisConfig = RedisSettings & {
  /** How many replicas must have a write before it is acknowledged; 0 = none. */
  minReplicas: number
}

export const LISTENERS = ['public', 'internal'] as const
export type ListenerName = (typeof LISTENERS)[number]

export type Config = {
  redis: RedisConfig
  /** Over how many hash tags messages are spread; fixed at the installation's first start. */
  messageShards: number
  /** Which of the two an ingress serves; at least one. */
  listeners: readonly ListenerName[]
  /** Whether the internal listener serves the console. */
  console: boolean
  publicListener: { host: string; port: number; baseUrl: string | undefined; trustProxy: readonly string[] }
  internalListener: { host: string; port: number }
  /** On the two ports of the ingress; 1 = the process itself, supervised by nobody of ours. */
  ingressProcesses: number
  workerListener: { host: string; port: number }
  platforms: readonly PlatformConfig[]
  callers: readonly CallerConfig[]
  /** Declared in CONFIG_FILE; undefined without one: this process then leaves alone what others declare. */
  subscriptions: readonly DeclaredSubscription[] | undefined
  /** Empty only with ALLOW_UNSEALED=true. The first seals, all open. */
  sealingKeys: readonly SealingKey[]
  wechat: {
    apiBaseUrl: string
    apiTimeoutMs: number
    /** An HTTP CONNECT proxy for all calls to WeChat's API; may hold credentials. */
    proxyUrl: Secret | undefined
    mpBaseUrl: string
    openBaseUrl: string
  }
  /** Calls of WeChat's APIs that are made for callers. */
  apiCalls: { maxBodyBytes: number; timeoutMs: number }
  authRedirectOrigins: readonly string[]
  authurlRatePerMinute: number
  webhookAllowNetworks: readonly string[]
  refreshMarginSeconds: number
  sweepIntervalSeconds: number
  forceMinIntervalSeconds: number
  pushMaxSkewSeconds: number
  dedupeSeconds: number
  replyDeadlineMs: number
  eventLogSeconds: number
  /** Where the ingress keeps pushes that Redis does not take; undefined = it refuses them. */
  spoolDir: string | undefined
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** What is doubtful about the settings, for the log of the start. */
  warnings: readonly ConfigProblem[]
}
