// Owns: noticing that WeChat's events come to a platform that nobody is subscribed to: they are acknowledged and reach
// nobody. It happens when Redis has lost the subscriptions, or when somebody disabled the last one.
import type { Clock } from '@wxgw/wechat-core'
import type { ReadinessCheck } from './readiness.ts'
import type { Platform } from './platform.ts'

export type UnheardEvents = {
  /** An event came from WeChat while no subscription was enabled. */
  note(platform: string): void
  /** A warning per platform, as long as events came without a subscription within the last ten minutes. */
  checks: ReadinessCheck[]
}

type Deps = { platforms: ReadonlyMap<string, Pick<Platform, 'authorizers' | 'subscriptions'>>; clock: Clock }

const WARNED_FOR_MS = 600_000

export function createUnheardEvents({ platforms, clock }: Deps): UnheardEvents {
  const lastUnheardMs = new Map<string, number>()

  async function check(
    id: string,
    platform: Pick<Platform, 'authorizers' | 'subscriptions'>,
  ): Promise<string | undefined> {
    if (clock.nowMs() - (lastUnheardMs.get(id) ?? -Infinity) > WARNED_FOR_MS) return undefined
    if ((await platform.subscriptions.all()).some(({ enabled }) => enabled)) return undefined
    const { items } = await platform.authorizers.list({ limit: 1, cursor: undefined })
    return items.length === 0
      ? undefined
      : `events come for platform ${id}, and it has no enabled subscription: they reach nobody`
  }

  return {
    note(platform) {
      lastUnheardMs.set(platform, clock.nowMs())
    },
    checks: [...platforms].map(([id, platform]) => ({
      name: `subscriptions-${id}`,
      warnsOnly: true,
      check: () => check(id, platform).catch(() => undefined),
    })),
  }
}
