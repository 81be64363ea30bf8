// Owns: the warning that events arrive for a platform without an enabled subscription: they are acknowledged and reach
// nobody. Happens when Redis has lost the subscriptions, or the last one was disabled.
import type { Clock } from '@wxgw/wechat-core'
import type { ReadinessCheck } from './readiness.ts'
import type { Platform } from './platform.ts'

export type UnsubscribedEvents = {
  /** Call it for each event that arrives while no subscription is enabled. */
  note(platform: string): void
  /** One per platform: a warning while such an event has arrived within the last ten minutes. */
  checks: ReadinessCheck[]
}

type Deps = { platforms: ReadonlyMap<string, Pick<Platform, 'authorizers' | 'subscriptions'>>; clock: Clock }

const WARNED_FOR_MS = 600_000

export function createUnsubscribedEvents({ platforms, clock }: Deps): UnsubscribedEvents {
  const lastEventMs = new Map<string, number>()

  async function check(
    id: string,
    platform: Pick<Platform, 'authorizers' | 'subscriptions'>,
  ): Promise<string | undefined> {
    if (clock.nowMs() - (lastEventMs.get(id) ?? -Infinity) > WARNED_FOR_MS) return undefined
    if ((await platform.subscriptions.all()).some(({ enabled }) => enabled)) return undefined
    const { items } = await platform.authorizers.list({ limit: 1, cursor: undefined })
    return items.length === 0
      ? undefined
      : `events come for platform ${id}, and it has no enabled subscription: they reach nobody`
  }

  return {
    note(platform) {
      lastEventMs.set(platform, clock.nowMs())
    },
    checks: [...platforms].map(([id, platform]) => ({
      name: `subscriptions-${id}`,
      warnsOnly: true,
      check: () => check(id, platform).catch(() => undefined),
    })),
  }
}
