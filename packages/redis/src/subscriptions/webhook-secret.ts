// Owns: the secrets that webhooks are signed with: their form, their making, and how one replaces another.
// Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. @see https://www.standardwebhooks.com
import { randomBytes } from 'node:crypto'

/** `untilMs` is set on a secret that was replaced: signed with until then, so that the consumer can change over. */
export type SealedSecret = { sealed: string; untilMs?: number }

const PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64
const GENERATED_BYTES = 32
export const REPLACED_SECRET_LIFE_MS = 24 * 3600 * 1000

export function generateWebhookSecret(): string {
  return PREFIX + randomBytes(GENERATED_BYTES).toString('base64')
}

export function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(PREFIX)) return false
  const encoded = text.slice(PREFIX.length)
  const bytes = Buffer.from(encoded, 'base64')
  // Buffer skips what is no base64: only what comes back unchanged was all of it.
  const canonical = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '')
  return canonical && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES
}

/** The new one first, the one before it for another 24 h; older ones are dropped. */
export function replaceSecret(known: readonly SealedSecret[], sealed: string, nowMs: number): SealedSecret[] {
  const [current] = known
  return current ? [{ sealed }, { sealed: current.sealed, untilMs: nowMs + REPLACED_SECRET_LIFE_MS }] : [{ sealed }]
}

export function inForce(secrets: readonly SealedSecret[], nowMs: number): SealedSecret[] {
  return secrets.filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs)
}
