// Owns: running one replay in this process, at its rate, until it ends, is paused, or another process takes it over.
import type { Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import type { ItemOutcome, ReplayRun, Throttle } from '@wxgw/redis'
import { isStoreAway, pause } from '@wxgw/wechat-core'
import type { Log } from '@wxgw/runtime'

type RunReplayDeps = {
  subscriptions: Pick<Subscriptions, 'get'>
  throttle: Throttle
  deliver(item: string, subscription: Subscription): Promise<ItemOutcome>
  onSettled(outcome: 'delivered' | 'failed'): void
  /** Aborts when no more deliveries are to begin. */
  stopping: AbortSignal
  log: Pick<Log, 'warn' | 'error'>
}

/** Deliveries of a replay at once. A consumer's live deliveries have slots of their own. */
const AT_ONCE = 20
/** Deliveries that become due between two polls. */
const DUE_PER_POLL = 5
const MIN_POLL_MS = 10
const MAX_POLL_MS = 200
/** A replay takes at most half of a throttled subscription's rate. */
const PART_OF_THROTTLE = 2

/** Never rejects. Another process takes the replay over when its state could not be written. */
export async function runReplay(deps: RunReplayDeps, run: ReplayRun): Promise<void> {
  const { stopping, log } = deps
  const { id, subscription } = run.replay
  const underWay = new Set<Promise<void>>()
  let isLost = false
  const begin = (item: string, recipient: Subscription) => {
    const one: Promise<void> = settle(deps, { run, item, subscription: recipient })
      .catch(() => void (isLost = true))
      .finally(() => underWay.delete(one))
    underWay.add(one)
  }
  try {
    while (!stopping.aborted && !isLost) {
      const recipient = await recipientOf(deps, run)
      if (recipient === undefined) break
      const rate = rateOf(run, recipient)
      const taken = await run.take(AT_ONCE - underWay.size, rate)
      if (taken.status === 'over') break
      for (const item of taken.items) begin(item, recipient)
      await pause(Math.min(Math.max((DUE_PER_POLL * 1_000) / rate, MIN_POLL_MS), MAX_POLL_MS), stopping)
    }
    await Promise.all(underWay)
    await run.release()
  } catch (error) {
    await Promise.all(underWay)
    if (!isStoreAway(error)) log.error({ err: error, subscription, replayId: id }, 'replay.stopped')
  }
}

/** undefined: the subscription is paused, disabled or deleted, so the replay stops. */
async function recipientOf({ subscriptions }: RunReplayDeps, run: ReplayRun): Promise<Subscription | undefined> {
  const { replay } = run
  const subscription = await subscriptions.get(replay.subscription)
  if (subscription?.createdAtMs !== replay.subscribedAtMs) {
    await run.cancel()
    return undefined
  }
  return subscription.enabled && !subscription.paused ? subscription : undefined
}

function rateOf({ replay: { ratePerSecond } }: ReplayRun, { throttle }: Subscription): number {
  return throttle === null
    ? ratePerSecond
    : Math.min(ratePerSecond, Math.max(1, Math.floor(throttle.perSecond / PART_OF_THROTTLE)))
}

type Taken = { run: ReplayRun; item: string; subscription: Subscription }

/** Rejects with STORE_UNAVAILABLE. */
async function settle(deps: RunReplayDeps, { run, item, subscription }: Taken): Promise<void> {
  const hasTurn = await waitForTurn(deps, subscription)
  const outcome = hasTurn ? await outcomeOf(deps, { run, item, subscription }) : 'back'
  await run.settle(item, outcome)
  if (outcome !== 'back') deps.onSettled(outcome)
}

/** A fault of our own in one delivery must not stop the others. */
async function outcomeOf({ deliver, log }: RunReplayDeps, { run, item, subscription }: Taken): Promise<ItemOutcome> {
  try {
    return await deliver(item, subscription)
  } catch (error) {
    if (isStoreAway(error)) throw error
    log.error({ err: error, subscription: subscription.name, replayId: run.replay.id }, 'replay.threw')
    return 'failed'
  }
}

async function waitForTurn(
  { throttle, stopping }: RunReplayDeps,
  { name, throttle: bound }: Subscription,
): Promise<boolean> {
  if (bound === null) return true
  for (let ms = await take(); ms > 0; ms = await take()) if (!(await pause(ms, stopping))) return false
  return true

  function take(): Promise<number> {
    return bound === null ? Promise.resolve(0) : throttle.take(name, { ...bound, isUrgent: false })
  }
}
