// Owns: the outcome of a failed attempt: retry, dead letter, or nothing when the subscription was deleted during the
// attempt.
import { type DeliveryJob, orderingKey, type Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import type { FailureRow, MadeAttempt } from '@wxgw/redis'
import type { Clock } from '@wxgw/wechat-core'
import type { DeliveryHealth } from './delivery-health.ts'
import type { FailedVerdict } from './judge-attempt.ts'
import { recordState, type StateDeps } from './record-state.ts'

export type ConcludeDeps = StateDeps & {
  subscriptions: Pick<Subscriptions, 'get' | 'disable'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed'>
  /** This call has disabled a subscription, and has stored that this is to be announced. */
  onDisabled(): void
  clock: Clock
}

export type Concluded =
  | { kind: 'retry'; delayMs: number; error: string }
  | { kind: 'dead'; error: string }
  /** The subscription was deleted, and the delivery with it. */
  | { kind: 'dropped' }

export const SUBSCRIPTION_DISABLED = 'subscription disabled'

/** `subscription`: as it was when the attempt began. */
type Failure = { delivery: DeliveryJob; subscription: Subscription; made: MadeAttempt; verdict: FailedVerdict }

/**
 * Disables the subscription when the verdict says so or it has failed for too long, and records the state. Rejects when
 * the store cannot disable it, or cannot be asked whether another attempt is to be made.
 */
export async function concludeFailure(deps: ConcludeDeps, failure: Failure): Promise<Concluded> {
  const { subscriptions, health, clock, onDisabled } = deps
  const { delivery, subscription, made, verdict } = failure
  const { name } = subscription
  const { event } = delivery
  const about = { event, subscription: name, attempts: made.attempt }
  const current = await subscriptions.get(name).catch((error: unknown) => {
    if (verdict.kind === 'dead') return 'unknown' as const
    throw error
  })
  // A newer subscription of the same name may belong to somebody else: it gets no event of the old one, and is not
  // disabled.
  if (current === undefined || (current !== 'unknown' && current.createdAtMs !== subscription.createdAtMs)) {
    await recordState(deps, { ...about, status: 'discarded', made })
    return { kind: 'dropped' }
  }
  const row = await health.failed(name, {
    durationMs: made.durationMs,
    error: verdict.error,
    orderingKey: orderingKey(subscription, event),
  })
  const isGivenUp = current !== 'unknown' && row !== undefined && hasFailedTooLong(current, row, clock)
  const isDisabled = isGivenUp || (verdict.kind === 'dead' && verdict.disable)
  if (isDisabled) {
    const { failures, sinceMs } = row ?? { failures: 1, sinceMs: made.startedAtMs }
    if (await subscriptions.disable(name, { failures, sinceMs, lastError: verdict.error })) onDisabled()
  }
  if (verdict.kind === 'retry' && current !== 'unknown' && current.enabled && !isDisabled) {
    const nextAttemptAtMs = made.startedAtMs + made.durationMs + verdict.delayMs
    const retried = { ...made, nextAttemptAtMs }
    await recordState(deps, { ...about, status: 'retrying', lastError: verdict.error, made: retried })
    return verdict
  }
  // Disabled meanwhile: its waiting retries have been ended already, so this delivery must not become another one.
  const error = verdict.kind === 'dead' ? verdict.error : SUBSCRIPTION_DISABLED
  await recordState(deps, { ...about, status: 'dead', lastError: error, made })
  return { kind: 'dead', error }
}

/** Any change of the subscription, enabling it included, restarts the time. */
function hasFailedTooLong(current: Subscription, { sinceMs }: FailureRow, clock: Clock): boolean {
  const { disableAfterSeconds, updatedAtMs } = current
  return disableAfterSeconds > 0 && clock.nowMs() - Math.max(sinceMs, updatedAtMs) >= disableAfterSeconds * 1_000
}
