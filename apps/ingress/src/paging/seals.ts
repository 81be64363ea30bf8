// Owns: sealing texts that a caller gets and sends back. They reveal nothing, cannot be forged, and are valid for one
// caller and one purpose.
import { hkdfSync } from 'node:crypto'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { openBytes, SEAL_BYTES, sealBytes } from '../auth/sealed-bytes.ts'

/** What a sealed text is valid for: this caller's walk through this list with this filter. */
export type Walk = { caller: CallerConfig; list: string }

type Seals = {
  seal(plain: Buffer, walk: Walk): string
  /** undefined for a text that is not sealed here or belongs to another walk. The caller does not learn which. */
  open(text: string, walk: Walk): Buffer | undefined
}

/** The length of a sealed text with so many bytes inside. */
export function sealedCharacters(plainBytes: number): number {
  return Math.ceil(((SEAL_BYTES + plainBytes) * 4) / 3)
}

/**
 * Valid at every ingress and after restarts: the key is derived from `SEALING_KEYS`, of which the first seals and all
 * open; without them from the caller's own key.
 */
export function createSeals({ sealingKeys }: Pick<Config, 'sealingKeys'>): Seals {
  const shared = sealingKeys.map(({ key }) => deriveKey(key))
  const own = new WeakMap<CallerConfig, Buffer>()

  function keysOf(caller: CallerConfig): readonly Buffer[] {
    if (shared.length > 0) return shared
    const key = own.get(caller) ?? deriveKey(Buffer.from(caller.key.reveal()))
    own.set(caller, key)
    return [key]
  }

  return {
    seal(plain, walk) {
      const [key] = keysOf(walk.caller)
      if (key === undefined) throw new Error('there is always a key')
      return sealBytes(plain, { key, place: placeOf(walk) }).toString('base64url')
    },
    open(text, walk) {
      const bytes = Buffer.from(text, 'base64url')
      return bytes.length < SEAL_BYTES
        ? undefined
        : openBytes(bytes, { keys: keysOf(walk.caller), place: placeOf(walk) })
    },
  }
}

function deriveKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'wxgw list cursor v1', 32))
}

function placeOf({ caller, list }: Walk): Buffer {
  return Buffer.from(JSON.stringify([caller.name, list]))
}
