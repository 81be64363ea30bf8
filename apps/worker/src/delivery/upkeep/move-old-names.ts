// Owns: moving queues and streams from the names of earlier versions to today's, repeatedly: workers of an earlier
// version may run beside this one.
import type { Subscriptions } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

export type MoveOldNamesDeps = {
  platform: string
  subscriptions: Pick<Subscriptions, 'withOldNames' | 'moveOldNames' | 'endPending'>
  everyMs?: number
  log: Log
}

const EVERY_MS = 10_000

export function startMovingOldNames(deps: MoveOldNamesDeps): Repetition {
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
      for (const { from, to, renamed, moved } of await subscriptions.moveOldNames(subscription, stopping.signal)) {
        if (renamed) log.warn({ platform, subscription, from, to }, 'subscription.renamed')
        else log.info({ platform, subscription, from, to, moved }, 'subscription.moved')
        // The waiting retries of a disabled subscription become dead letters.
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
