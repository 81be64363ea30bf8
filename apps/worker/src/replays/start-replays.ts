// Owns: claiming running replays that have no worker, by a poll once a second in each worker.
import type { Subscriptions } from '@wxgw/platform'
import type { DeliveryQueue, ReplayRuns, Throttle, UnsettledDeliveries } from '@wxgw/redis'
import { repeat } from '@wxgw/runtime'
import { isStoreAway, Stop } from '@wxgw/wechat-core'
import { deliverAgain, type ReplayDeliveryDeps } from './replay-delivery.ts'
import { runReplay } from './run-replay.ts'

export type ReplaysDeps = ReplayDeliveryDeps & {
  platform: string
  runs: ReplayRuns
  subscriptions: Pick<Subscriptions, 'get' | 'disable'>
  unsettled: Pick<UnsettledDeliveries, 'placeOf'>
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  throttle: Throttle
  onSettled(subscription: string, outcome: 'delivered' | 'failed'): void
  everyMs?: number
}

type RunningReplays = {
  /** How many this process runs. */
  count(): number
  /** Begins no more deliveries, and releases those that do not end in time. */
  close(): Promise<void>
}

const EVERY_MS = 1_000
/** The same time as running jobs have (queue-worker.ts). */
const CLOSE_TIMEOUT_MS = 25_000

export function startReplays({ everyMs = EVERY_MS, ...deps }: ReplaysDeps): RunningReplays {
  const { platform, runs, log } = deps
  const running = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  const cut = new Stop()

  const looking = repeat({ firstMs: everyMs, everyMs }, async () => {
    try {
      for (const open of await runs.open()) if (!running.has(open.id) && !stopping.signal.aborted) await begin(open)
    } catch (error) {
      // Readiness reports an unavailable Redis.
      if (!isStoreAway(error)) log.error({ err: error, platform }, 'replays.not_seen')
    }
  })

  async function begin(open: { subscription: string; id: string }): Promise<void> {
    const subscription = await deps.subscriptions.get(open.subscription)
    // A deleted subscription is noticed by the run.
    if (subscription && (!subscription.enabled || subscription.paused)) return
    const run = await runs.claim(open)
    if (run === undefined) return
    const end = runReplay(
      {
        ...deps,
        stopping: stopping.signal,
        deliver: (item, recipient) => deliverAgain(deps, { run, item, subscription: recipient, signal: cut }),
        onSettled: (outcome) => deps.onSettled(open.subscription, outcome),
      },
      run,
    ).finally(() => running.delete(open.id))
    running.set(open.id, end)
  }

  return {
    count: () => running.size,
    async close() {
      stopping.abort()
      const timer = setTimeout(() => cut.abort(new Error('the process ends')), CLOSE_TIMEOUT_MS)
      await looking.stop()
      await Promise.all(running.values())
      clearTimeout(timer)
    },
  }
}
