// Owns: the format of a webhook's signing secret: `whsec_` and the base64 of 24 to 64 bytes.
// @see https://www.standardwebhooks.com

export const WEBHOOK_SECRET_PREFIX = 'whsec_'
const MIN_BYTES = 24
const MAX_BYTES = 64

export function isWebhookSecret(text: string): boolean {
  if (!text.startsWith(WEBHOOK_SECRET_PREFIX)) return false
  const encoded = text.slice(WEBHOOK_SECRET_PREFIX.length)
  const bytes = Buffer.from(encoded, 'base64')
  // Buffer skips characters that are no base64. Only valid text encodes back to itself.
  const canonical = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '')
  return canonical && bytes.length >= MIN_BYTES && bytes.length <= MAX_BYTES
}
