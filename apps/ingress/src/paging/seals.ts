// Owns: texts that a caller gets and gives back: sealed, so that they show nothing and cannot be made up, and good for
// one caller and one purpose.
import { hkdfSync } from 'node:crypto'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { openBytes, SEAL_BYTES, sealBytes } from '../auth/sealed-bytes.ts'

/** Everything that a sealed text is good for: this caller's walk through this list with this filter. */
export type Walk = { caller: CallerConfig; list: string }

type Seals = {
  seal(plain: Buffer, walk: Walk): string
  /** undefined: it is none, or one of another walk. Which, nobody learns. */
  open(text: string, walk: Walk): Buffer | undefined
}

/** Of a text that holds so many bytes. */
export function sealedCharacters(plainBytes: number): number {
  return Math.ceil(((SEAL_BYTES + plainBytes) * 4) / 3)
}

/**
 * Good at every ingress and after restarts: the key comes from `SEALING_KEYS`, of which the first seals and all open;
 * without them from the caller's own key.
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
