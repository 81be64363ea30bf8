// Owns: the form of the secrets that webhooks are signed with: `whsec_` and the base64 of 24 to 64 bytes.
// @see https://www.standardwebhooks.com

export const WEBHOOK_SECRET_PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64

export function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(WEBHOOK_SECRET_PREFIX)) return false
  const encoded = text.slice(WEBHOOK_SECRET_PREFIX.length)
  const bytes = Buffer.from(encoded, 'base64')
  // Buffer skips what is no base64: only what comes back unchanged was all of it.
  const canonical = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '')
  return canonical && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES
}
