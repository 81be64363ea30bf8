// Owns: a reader's position in the stream of events: sealed, because it reveals when events of others were recorded. It
// fits into a header of 1 KiB with any MESSAGE_SHARDS.
import type { FeedPosition } from '@wxgw/platform'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import { createSeals, sealedCharacters } from '../paging/seals.ts'

/** A position is valid for this caller and this platform, with any filter. */
export type StreamReader = { caller: CallerConfig; platform: string }

type StreamPositions = {
  seal(position: FeedPosition, reader: StreamReader): string
  /** Throws INVALID_REQUEST for an invalid position, and for another reader's. */
  open(text: string, reader: StreamReader, shardCount: number): FeedPosition
}

const VERSION = 1
const VERSION_BYTES = 1
const MS_BYTES = 6
/** Ten thousand events a second for three years. */
const NUMBER_BYTES = 5
const PLACE_BYTES = MS_BYTES + NUMBER_BYTES
const MAX_SHARDS = 64
export const POSITION_CHARACTERS = sealedCharacters(VERSION_BYTES + MAX_SHARDS * PLACE_BYTES)

export function createStreamPositions(config: Pick<Config, 'sealingKeys'>): StreamPositions {
  const seals = createSeals(config)
  const walkOf = ({ caller, platform }: StreamReader) => ({ caller, list: JSON.stringify(['event stream', platform]) })
  return {
    seal(position, reader) {
      const plain = Buffer.alloc(VERSION_BYTES + position.length * PLACE_BYTES)
      plain.writeUInt8(VERSION)
      position.forEach(({ ms, number }, index) => {
        const at = VERSION_BYTES + index * PLACE_BYTES
        plain.writeUIntBE(ms, at, MS_BYTES)
        plain.writeUIntBE(number, at + MS_BYTES, NUMBER_BYTES)
      })
      return seals.seal(plain, walkOf(reader))
    },
    open(text, reader, shardCount) {
      const plain = /^[A-Za-z0-9_-]+$/.test(text) ? seals.open(text, walkOf(reader)) : undefined
      if (plain?.[0] !== VERSION || plain.length !== VERSION_BYTES + shardCount * PLACE_BYTES) {
        throw new GatewayError('INVALID_REQUEST', 'the position is not one of this stream')
      }
      return Array.from({ length: shardCount }, (_, index) => {
        const at = VERSION_BYTES + index * PLACE_BYTES
        return { ms: plain.readUIntBE(at, MS_BYTES), number: plain.readUIntBE(at + MS_BYTES, NUMBER_BYTES) }
      })
    },
  }
}
