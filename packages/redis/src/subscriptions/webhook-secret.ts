// Owns: generating and replacing the secrets that sign webhooks. Their format is in contracts.
import { randomBytes } from 'node:crypto'
import { WEBHOOK_SECRET_PREFIX } from '@wxgw/contracts'

/** `untilMs`: only on a replaced secret, which signs until then, so that the consumer has time to switch. */
export type SealedSecret = { sealed: string; untilMs?: number }

const GENERATED_BYTES = 32
const REPLACED_SECRET_LIFE_MS = 24 * 3600 * 1000
/** Each delivery has a signature by each of them. Of more replacements in a day, the oldest are dropped. */
const MAX_REPLACED = 4

export function generateWebhookSecret(): string {
  return WEBHOOK_SECRET_PREFIX + randomBytes(GENERATED_BYTES).toString('base64')
}

/** The new one first, then the previous one for 24 h, then those that were replaced before, until their own ends. */
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
