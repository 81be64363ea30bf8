// Owns: what has to be true before a process may be given work. Each check answers undefined when it is, else a short reason.
import { evictionPolicy, probeWrite, READINESS_PROBE_KEY, type RedisConnection } from '@wxgw/redis'
import type { Clock } from '@wxgw/wechat-core'
import type { Platform } from './types.ts'

export type ReadinessCheck = { name: string; check(): Promise<string | undefined> }

const TICKET_LIFETIME_MS = 12 * 3600_000

export function createReadiness(deps: {
  redis: RedisConnection
  platforms: ReadonlyMap<string, Platform>
  clock: Clock
}): ReadinessCheck[] {
  const { redis, platforms, clock } = deps
  return [
    {
      name: 'redis-writes',
      check: () => probeWrite(redis, READINESS_PROBE_KEY).then(nothing, () => 'Redis cannot be reached or takes no writes'),
    },
    {
      name: 'redis-policy',
      check: () =>
        evictionPolicy(redis).then(
          (policy) => (policy === undefined || policy === 'noeviction' ? undefined : `maxmemory-policy is ${policy}, not noeviction`),
          () => 'Redis cannot be reached',
        ),
    },
    ...[...platforms.values()].map((platform) => ({ name: `ticket-${platform.id}`, check: () => checkTicket(platform, clock) })),
  ]
}

async function checkTicket(platform: Platform, clock: Clock): Promise<string | undefined> {
  try {
    const ticket = await platform.tickets.status()
    if (!ticket) return 'WeChat has not pushed a component_verify_ticket yet'
    return clock.nowMs() - ticket.receivedAtMs < TICKET_LIFETIME_MS ? undefined : 'the component_verify_ticket is older than 12 hours'
  } catch {
    // Which store failed, and how, the checks of Redis say.
    return 'Redis cannot be reached'
  }
}

function nothing(): undefined {
  return undefined
}
