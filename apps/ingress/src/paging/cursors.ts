// Owns: the cursors that callers see. A cursor is the position where a list goes on, encrypted. A position contains an id out of the
// list, which the caller may have no right to see: a cursor shows neither its text nor its length.
import { hkdfSync } from 'node:crypto'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import { openBytes, SEAL_BYTES, sealBytes } from '../auth/sealed-bytes.ts'

/** Everything that a cursor is good for: this caller's walk through this list with this filter. */
export type Walk = { caller: CallerConfig; list: string }

export type Cursors = {
  seal(position: string, walk: Walk): string
  /** Throws INVALID_REQUEST when it is none, or one of another walk. */
  open(cursor: string, walk: Walk): string
}

/** A length and the position, filled up: every cursor is equally long. */
const PLAIN_BYTES = 256
const SEALED_BYTES = SEAL_BYTES + PLAIN_BYTES
export const CURSOR_CHARACTERS = Math.ceil((SEALED_BYTES * 4) / 3)

/**
 * Good at every ingress and after restarts: the key comes from `SEALING_KEYS`, of which the first seals and all open; without them
 * from the caller's own key.
 */
export function createCursors({ sealingKeys }: Pick<Config, 'sealingKeys'>): Cursors {
  const shared = sealingKeys.map(({ key }) => deriveKey(key))
  const own = new WeakMap<CallerConfig, Buffer>()

  function keysOf(caller: CallerConfig): readonly Buffer[] {
    if (shared.length > 0) return shared
    const key = own.get(caller) ?? deriveKey(Buffer.from(caller.key.reveal()))
    own.set(caller, key)
    return [key]
  }

  return {
    seal(position, walk) {
      const [key] = keysOf(walk.caller)
      if (key === undefined) throw new Error('there is always a key')
      return sealBytes(filled(position), { key, place: placeOf(walk) }).toString('base64url')
    },
    open(cursor, walk) {
      const bytes = Buffer.from(cursor, 'base64url')
      if (bytes.length !== SEALED_BYTES) throw invalid()
      // Sealed with another key, made for another list, or no cursor at all: the answer does not tell which.
      const plain = openBytes(bytes, { keys: keysOf(walk.caller), place: placeOf(walk) })
      if (plain === undefined) throw invalid()
      return plain.toString('utf8', 1, 1 + (plain[0] ?? 0))
    },
  }
}

function deriveKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'wxgw list cursor v1', 32))
}

function placeOf({ caller, list }: Walk): Buffer {
  return Buffer.from(JSON.stringify([caller.name, list]))
}

function filled(position: string): Buffer {
  const plain = Buffer.alloc(PLAIN_BYTES)
  const length = Buffer.byteLength(position)
  if (length >= PLAIN_BYTES) throw new GatewayError('INTERNAL', 'the position in a list is longer than a cursor can be')
  plain.writeUInt8(length)
  plain.write(position, 1)
  return plain
}

function invalid(): GatewayError {
  return new GatewayError('INVALID_REQUEST', 'cursor is not one of this list')
}
