// Owns: the secrets that webhooks are signed with: their making, and how one replaces another. Their form is in contracts.
import { randomBytes } from 'node:crypto'
import { WEBHOOK_SECRET_PREFIX } from '@wxgw/contracts'

/** `untilMs` is set on a secret that was replaced: signed with until then, so that the consumer can change over. */
export type SealedSecret = { sealed: string; untilMs?: number }

const GENERATED_BYTES = 32
export const REPLACED_SECRET_LIFE_MS = 24 * 3600 * 1000

export function generateWebhookSecret(): string {
  return WEBHOOK_SECRET_PREFIX + randomBytes(GENERATED_BYTES).toString('base64')
}

/** The new one first, the one before it for another 24 h; older ones are dropped. */
export function replaceSecret(known: readonly SealedSecret[], sealed: string, nowMs: number): SealedSecret[] {
  const [current] = known
  return current ? [{ sealed }, { sealed: current.sealed, untilMs: nowMs + REPLACED_SECRET_LIFE_MS }] : [{ sealed }]
}

export function inForce(secrets: readonly SealedSecret[], nowMs: number): SealedSecret[] {
  return secrets.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs)
}
