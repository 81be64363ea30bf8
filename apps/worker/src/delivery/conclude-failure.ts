// Owns: what a failed attempt comes to, now that it is over: the subscription may have been disabled or deleted while it ran.
import type { Subscriptions } from '@wxgw/platform'
import type { MadeAttempt } from '@wxgw/redis'
import type { FailedVerdict } from './judge-attempt.ts'
import { type AboutDelivery, recordState, type StateDeps } from './record-state.ts'

export type ConcludeDeps = StateDeps & { subscriptions: Pick<Subscriptions, 'get' | 'disable'> }

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
}

/**
 * Disables whom the verdict says to, and tells the event log. Rejects when it cannot disable, or when the store has
 * to say whether there is another attempt and does not.
 */
export async function concludeFailure(
  deps: ConcludeDeps,
  { about, createdAtMs, made, verdict }: Failure,
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
  if (verdict.kind === 'dead' && verdict.disable) await deps.subscriptions.disable(about.subscription)
  if (verdict.kind === 'retry' && current !== 'unknown' && current.enabled) {
    const nextAttemptAtMs = made.startedAtMs + made.durationMs + verdict.delayMs
    await recordState(deps, { ...about, status: 'retrying', attempts, lastError: verdict.error, made: { ...made, nextAttemptAtMs } })
    return verdict
  }
  // Disabled: what waits for a retry was told so before this one began to wait.
  const error = verdict.kind === 'dead' ? verdict.error : SUBSCRIPTION_DISABLED
  await recordState(deps, { ...about, status: 'dead', attempts, lastError: error, made })
  return { kind: 'dead', error }
}
