// Owns: the secrets that webhooks are signed with: their making, and how one replaces another. Their form is in
// contracts.
import { randomBytes } from 'node:crypto'
import { WEBHOOK_SECRET_PREFIX } from '@wxgw/contracts'

/** `untilMs` is set on a secret that was replaced: signed with until then, so that the consumer can change over. */
export type SealedSecret = { sealed: string; untilMs?: number }

const GENERATED_BYTES = 32
const REPLACED_SECRET_LIFE_MS = 24 * 3600 * 1000
/** Each delivery carries a signature of each: of more replacements in a day, the oldest go. */
const MAX_REPLACED = 4

export function generateWebhookSecret(): string {
  return WEBHOOK_SECRET_PREFIX + randomBytes(GENERATED_BYTES).toString('base64')
}

/** The new one first, the one before it for another 24 h, and what was replaced before for what is left of its own. */
export function replaceSecret(known: readonly SealedSecret[], sealed: string, nowMs: number): SealedSecret[] {
  const [current, ...replaced] = inForce(known, nowMs)
  if (!current) return [{ sealed }]
  return [{ sealed }, { sealed: current.sealed, untilMs: nowMs + REPLACED_SECRET_LIFE_MS }, ...replaced].slice(
    0,
    1 + MAX_REPLACED,
  )
}

export function inForce(secrets: readonly SealedSecret[], nowMs: number): SealedSecret[] {
  return secrets.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs)
}
