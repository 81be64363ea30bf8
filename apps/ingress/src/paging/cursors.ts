// Owns: the cursors that callers get. A cursor is a sealed position in a list. The position contains an id that the
// caller may have no right to see, so a cursor reveals neither its text nor its length.
import type { Config } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import { createSeals, sealedCharacters, type Walk } from './seals.ts'

type Cursors = {
  seal(position: string, walk: Walk): string
  /** Throws INVALID_REQUEST for a text that is no cursor, or a cursor of another walk. */
  open(cursor: string, walk: Walk): string
}

/** A length and the position, padded: every cursor has the same length. */
const PLAIN_BYTES = 256
export const CURSOR_CHARACTERS = sealedCharacters(PLAIN_BYTES)

export function createCursors(config: Pick<Config, 'sealingKeys'>): Cursors {
  const seals = createSeals(config)
  return {
    seal: (position, walk) => seals.seal(filled(position), walk),
    open(cursor, walk) {
      const plain = seals.open(cursor, walk)
      if (plain?.length !== PLAIN_BYTES) throw invalid()
      return plain.toString('utf8', 1, 1 + (plain[0] ?? 0))
    },
  }
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
