// Owns: the signature of Standard Webhooks, by node:crypto. The package `standardwebhooks` computes SHA-256 in
// JavaScript, which takes a tenth of a whole delivery; the tests verify with it.
import { createHmac } from 'node:crypto'
import type { Secret } from '@wxgw/wechat-core'

const PREFIX = 'whsec_'

/**
 * The value of `webhook-signature`: one `v1,…` per secret, in their order. `at` is `webhook-timestamp`, in whole
 * seconds.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signWebhook({
  secrets,
  id,
  at,
  body,
}: {
  secrets: readonly Secret[]
  id: string
  at: number
  body: string
}): string {
  const signed = `${id}.${at}.${body}`
  return secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`).join(' ')
}

function keyOf(secret: Secret): Buffer {
  const text = secret.reveal()
  return Buffer.from(text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text, 'base64')
}
