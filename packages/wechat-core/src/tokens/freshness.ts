// Owns: when a token may still be handed out, and when it is due for a scheduled refresh.
import type { Secret } from '../secret.ts'
import type { CurrentToken } from './authorizer.ts'

/** A stored token; its times are by the store's clock. */
export type StoredToken = {
  token: Secret
  expiresAtMs: number
  /** `expires_in` of WeChat's answer. */
  lifetimeSeconds: number
}

const MIN_REMAINING_MS = 60_000
const MIN_REMAINING_SHARE = 0.1
const EARLIEST_REFRESH_MS = 10_000

/** Valid for at least one more whole second. */
export function isValid(stored: StoredToken | undefined, nowMs: number): stored is StoredToken {
  return stored !== undefined && stored.expiresAtMs - nowMs >= 1000
}

/**
 * Fresh enough to hand out without a refresh: a minute remains, or a tenth of its life if that is less, so that the
 * caller's own call reaches WeChat in time.
 */
export function isFresh(stored: StoredToken | undefined, nowMs: number): stored is StoredToken {
  if (!isValid(stored, nowMs)) return false
  return stored.expiresAtMs - nowMs > Math.min(MIN_REMAINING_MS, stored.lifetimeSeconds * 1000 * MIN_REMAINING_SHARE)
}

export function currentToken(stored: StoredToken, nowMs: number): CurrentToken {
  return {
    token: stored.token,
    expiresAtMs: stored.expiresAtMs,
    expiresInSeconds: Math.floor((stored.expiresAtMs - nowMs) / 1000),
  }
}

/**
 * Milliseconds from now until a token just issued is due for its scheduled refresh: `marginSeconds` before its end, up
 * to half the margin earlier at random, so that tokens issued together are refreshed at different times; never in the
 * first ten seconds (or half its life).
 */
export function refreshDueInMs(
  lifetimeSeconds: number,
  marginSeconds: number,
  random: () => number = Math.random,
): number {
  const earliestMs = Math.min(EARLIEST_REFRESH_MS, lifetimeSeconds * 500)
  const smearMs = random() * marginSeconds * 500
  return Math.round(Math.max(earliestMs, (lifetimeSeconds - marginSeconds) * 1000 - smearMs))
}
