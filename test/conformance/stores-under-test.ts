// Owns: the stores of one platform that the token rules work with, in memory and in Redis, and time that passes for both.
import { randomBytes } from 'node:crypto'
import {
  createAuthorizationCodeStore,
  createAuthorizerStore,
  createComponentTokenStore,
  createSealer,
  createTicketStore,
  platformKeys,
} from '@wxgw/redis'
import {
  type AuthorizationStore,
  type AuthorizerAppId,
  type AuthorizerStatus,
  type AuthorizerTokenStore,
  type CodeStore,
  COMPONENT_SUBJECT,
  type ComponentTokenStore,
  type Secret,
} from '@wxgw/wechat-core'
import type { Redis } from 'ioredis'
import { createMemoryAuthorizers, type MemoryAuthorizers } from '../memory-stores/authorizers.ts'
import { createMemoryCodes } from '../memory-stores/codes.ts'
import { createMemoryComponentTokens } from '../memory-stores/component-tokens.ts'
import { settableClock } from '../memory-stores/settable-clock.ts'

export type StoresUnderTest = {
  component: ComponentTokenStore
  saveTicket(ticket: Secret): Promise<unknown>
  authorizers: AuthorizerTokenStore & AuthorizationStore & Pick<MemoryAuthorizers, 'revoke' | 'statusOf'>
  codes: CodeStore
  /** The stores' clock. */
  nowMs(): Promise<number>
  /** As if so much time had gone by. */
  pass(ms: number): Promise<void>
  /** undefined: the subject has no place in the schedule. */
  dueInMs(subject: AuthorizerAppId | typeof COMPONENT_SUBJECT): Promise<number | undefined>
}

export function memoryStores(): StoresUnderTest {
  const clock = settableClock()
  const component = createMemoryComponentTokens({ clock })
  const codes = createMemoryCodes({ clock })
  const authorizers = createMemoryAuthorizers({ codes, clock })
  return {
    component,
    saveTicket: (ticket) => component.saveTicket(ticket),
    authorizers,
    codes,
    nowMs: async () => clock.nowMs(),
    pass: async (ms) => clock.pass(ms),
    async dueInMs(subject) {
      const dueAtMs = subject === COMPONENT_SUBJECT ? component.dueAtMs() : authorizers.dueAtMs(subject)
      return dueAtMs === undefined ? undefined : dueAtMs - clock.nowMs()
    },
  }
}

const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }])

/** `platform`: each test's own. */
export function redisStores(redis: Redis, platform: string): StoresUnderTest {
  const keys = platformKeys(platform)
  const deps = { platform, redis, keys, sealer }
  const authorizers = createAuthorizerStore(deps)
  const tickets = createTicketStore(deps)
  const nowMs = async () => {
    const [seconds, microseconds] = await redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }
  return {
    component: createComponentTokenStore(deps),
    saveTicket: (ticket) => tickets.saveIfNewer(ticket, 1),
    authorizers: {
      ...authorizers,
      statusOf: async (appId): Promise<AuthorizerStatus | undefined> => (await authorizers.get(appId))?.status,
    },
    codes: createAuthorizationCodeStore(deps),
    nowMs,
    async pass(ms) {
      for (const key of await redis.keys(`wx:{${platform}}:*`)) await age(redis, key, ms)
      for (const subject of await redis.zrange(keys.due, 0, '-1')) await redis.zincrby(keys.due, -ms, subject)
    },
    async dueInMs(subject) {
      const dueAtMs = await redis.zscore(keys.due, subject)
      return dueAtMs === null ? undefined : Number(dueAtMs) - (await nowMs())
    },
  }
}

/** Redis' clock cannot be moved: whatever has a time stands further back instead. */
async function age(redis: Redis, key: string, ms: number): Promise<void> {
  const lifeMs = await redis.pttl(key)
  if (lifeMs >= 0) await redis.pexpire(key, lifeMs - ms)
  if ((await redis.type(key)) !== 'hash') return
  for (const [field, value] of Object.entries(await redis.hgetall(key))) {
    const unit = /(?:At|Until)Ms$/.test(field) ? 1 : field.endsWith('AtSeconds') ? 1000 : 0
    if (unit > 0 && Number(value) > 0) await redis.hset(key, field, String(Number(value) - ms / unit))
  }
}
