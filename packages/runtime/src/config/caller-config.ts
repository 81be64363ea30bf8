// Owns: the callers of the internal listener and their rights. action-meanings.ts describes each action.
import type { Secret } from '@wxgw/wechat-core'

/** The actions that a grant may list. */
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

/** Actions on the whole platform: a grant that is narrowed to authorizers never gives them. */
export const WHOLE_PLATFORM_ACTIONS: ReadonlySet<Action> = new Set(['authorizers:sync', 'component_api:call'])

/** undefined = all, in each of the four. */
export type Grant = {
  platforms: readonly string[] | undefined
  authorizers: readonly string[] | undefined
  actions: readonly Action[] | undefined
  /**
   * Patterns of the WeChat paths that `api:call` and `component_api:call` reach: `*` stands for any text, `/` included.
   */
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
/** The same bound for all callers together, in one process. */
export const MAX_CONCURRENT_OF_PROCESS = 512
