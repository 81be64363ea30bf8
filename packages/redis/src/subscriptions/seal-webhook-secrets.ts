// Owns: sealing the secrets of webhooks, each bound to its subscription, and opening each once.
import type { Secret } from '@wxgw/wechat-core'
import type { Sealer } from '../sealed.ts'
import type { SealedSecret } from './webhook-secret.ts'

export type WebhookSecretSeal = {
  seal(name: string, secret: string): string
  /** Cached as long as `secret` is referenced: every delivery signs. Throws INTERNAL when no key opens it. */
  open(name: string, secret: SealedSecret): Secret
}

export function createWebhookSecretSeal({ platform, sealer }: { platform: string; sealer: Sealer }): WebhookSecretSeal {
  const place = (name: string) => ({ platform, subject: name, field: 'webhook-secret' })
  const opened = new WeakMap<SealedSecret, Secret>()
  return {
    seal: (name, secret) => sealer.seal(secret, place(name)),
    open(name, secret) {
      const known = opened.get(secret) ?? sealer.open(secret.sealed, place(name))
      opened.set(secret, known)
      return known
    },
  }
}
