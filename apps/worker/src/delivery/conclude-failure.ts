// Owns: what a failed attempt comes to, now that it is over: the subscription may have been disabled or deleted while it ran.
import type { Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import type { FailureRow, MadeAttempt } from '@wxgw/redis'
import type { Clock } from '@wxgw/wechat-core'
import type { DeliveryHealth } from './delivery-health.ts'
import type { FailedVerdict } from './judge-attempt.ts'
import { type AboutDelivery, recordState, type StateDeps } from './record-state.ts'

export type ConcludeDeps = StateDeps & {
  subscriptions: Pick<Subscriptions, 'get' | 'disable'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed'>
  /** By this call. That it is announced stands in the store already. */
  onDisabled(): void
  clock: Clock
}

export type Concluded =
  | { kind: 'retry'; delayMs: number; error: string }
  | { kind: 'dead'; error: string }
  /** The subscription is gone, and the delivery with it. */
  | { kind: 'dropped' }

export const SUBSCRIPTION_DISABLED = 'subscription disabled'

/** `createdAtMs`: of the subscription that was tried. */
type Failure = {
  about: AboutDelivery
  createdAtMs: number
  made: MadeAttempt
  verdict: FailedVerdict
  orderingKey?: string | undefined
}

/**
 * Disables whom the verdict says to, and tells the event log. Rejects when it cannot disable, or when the store has
 * to say whether there is another attempt and does not.
 */
export async function concludeFailure(
  deps: ConcludeDeps,
  { about, createdAtMs, made, verdict, orderingKey }: Failure,
): Promise<Concluded> {
  const attempts = made.attempt
  const current = await deps.subscriptions.get(about.subscription).catch((error: unknown) => {
    if (verdict.kind === 'dead') return 'unknown' as const
    throw error
  })
  // A later one of the same name may be somebody else's: it neither gets the event nor is it disabled.
  if (current === undefined || (current !== 'unknown' && current.createdAtMs !== createdAtMs)) {
    await recordState(deps, { ...about, status: 'discarded', attempts, made })
    return { kind: 'dropped' }
  }
  const row = await deps.health.failed(about.subscription, { durationMs: made.durationMs, error: verdict.error, orderingKey })
  const isGivenUp = current !== 'unknown' && row !== undefined && hasFailedTooLong(current, row, deps.clock)
  const isDisabled = isGivenUp || (verdict.kind === 'dead' && verdict.disable)
  if (isDisabled) {
    const { failures, sinceMs } = row ?? { failures: 1, sinceMs: made.startedAtMs }
    if (await deps.subscriptions.disable(about.subscription, { failures, sinceMs, lastError: verdict.error })) deps.onDisabled()
  }
  if (verdict.kind === 'retry' && current !== 'unknown' && current.enabled && !isDisabled) {
    const nextAttemptAtMs = made.startedAtMs + made.durationMs + verdict.delayMs
    await recordState(deps, { ...about, status: 'retrying', attempts, lastError: verdict.error, made: { ...made, nextAttemptAtMs } })
    return verdict
  }
  // Disabled: what waits for a retry was told so before this one began to wait.
  const error = verdict.kind === 'dead' ? verdict.error : SUBSCRIPTION_DISABLED
  await recordState(deps, { ...about, status: 'dead', attempts, lastError: error, made })
  return { kind: 'dead', error }
}

/** Who changes it, or enables it again, gives it the whole time anew. */
function hasFailedTooLong({ disableAfterSeconds, updatedAtMs }: Subscription, { sinceMs }: FailureRow, clock: Clock): boolean {
  return disableAfterSeconds > 0 && clock.nowMs() - Math.max(sinceMs, updatedAtMs) >= disableAfterSeconds * 1_000
}
