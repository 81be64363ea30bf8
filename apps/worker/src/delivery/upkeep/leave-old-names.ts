// Owns: looking again and again for what stands under names of earlier versions: workers of such a version may run
// beside this one.
import type { Subscriptions } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

export type LeaveOldNamesDeps = {
  platform: string
  subscriptions: Pick<Subscriptions, 'withOldNames' | 'leaveOldNames' | 'endPending'>
  everyMs?: number
  log: Log
}

const EVERY_MS = 10_000

export function startLeavingOldNames(deps: LeaveOldNamesDeps): Repetition {
  const { platform, subscriptions, everyMs = EVERY_MS, log } = deps
  const stopping = new AbortController()
  const repetition = repeat({ firstMs: 0, everyMs }, async () => {
    try {
      for (const name of await subscriptions.withOldNames()) if (!stopping.signal.aborted) await leave(name)
    } catch (error) {
      log.warn({ err: error, platform }, 'subscriptions.unknown')
    }
  })

  async function leave(subscription: string): Promise<void> {
    try {
      for (const { from, to, renamed, moved } of await subscriptions.leaveOldNames(subscription, stopping.signal)) {
        if (renamed) log.warn({ platform, subscription, from, to }, 'subscription.renamed')
        else log.info({ platform, subscription, from, to, moved }, 'subscription.moved')
        // Of a disabled one, what waits for a retry stands in dead letters.
        if (moved > 0) await subscriptions.endPending(subscription)
      }
    } catch (error) {
      log.warn({ err: error, platform, subscription }, 'subscription.not_moved')
    }
  }

  return {
    stop() {
      stopping.abort()
      return repetition.stop()
    },
  }
}
