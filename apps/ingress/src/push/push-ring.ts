// Owns: a ring buffer of texts with the time of each. All of it lies in one block outside V8's heap: an object per text
// would be promoted to V8's old generation, and a process under load would collect garbage there all the time.

/** Of a text: the number of all bytes before it, those included that were overwritten since. */
export type Place = number

export type PushRing = {
  /** Overwrites the oldest texts. One that is larger than the ring is not kept. */
  write(text: string, atMs: number): void
  /** Forgets the texts that were written with an earlier time, oldest first. */
  dropBefore(atMs: number): void
  /** Oldest first. */
  places(): Place[]
  /** undefined: it was overwritten or dropped. */
  read(place: Place): string | undefined
}

/** Before each text: its bytes, then its time. */
const HEADER_BYTES = 12
const TIME_OFFSET = 4
/** In place of a text's bytes: the next text is at the start of the block. */
const NEXT_LAP = 0xffff_ffff

export function createPushRing(size: number): PushRing {
  // The system gives memory to what has been written to.
  const block = Buffer.allocUnsafeSlow(size)
  let oldest = 0
  let end = 0

  /** `place`, or the start of the next lap where no text begins at it. */
  function textAt(place: Place): Place {
    const left = size - (place % size)
    return left < HEADER_BYTES || block.readUInt32LE(place % size) === NEXT_LAP ? place + left : place
  }

  function after(place: Place): Place {
    const next = place + HEADER_BYTES + block.readUInt32LE(place % size)
    return next < end ? textAt(next) : end
  }

  return {
    write(text, atMs) {
      const bytes = Buffer.byteLength(text)
      const needed = HEADER_BYTES + bytes
      if (needed > size) return
      const left = size - (end % size)
      const place = needed > left ? end + left : end
      while (oldest < end && place + needed - oldest > size) oldest = after(oldest)
      if (place !== end && left >= HEADER_BYTES) block.writeUInt32LE(NEXT_LAP, end % size)
      if (oldest === end) oldest = place
      const at = place % size
      block.writeUInt32LE(bytes, at)
      block.writeDoubleLE(atMs, at + TIME_OFFSET)
      block.write(text, at + HEADER_BYTES)
      end = place + needed
    },

    dropBefore(atMs) {
      while (oldest < end && block.readDoubleLE((oldest % size) + TIME_OFFSET) < atMs) oldest = after(oldest)
    },

    places() {
      const places: Place[] = []
      for (let place = oldest; place < end; place = after(place)) places.push(place)
      return places
    },

    read(place) {
      if (place < oldest) return undefined
      const at = place % size
      return block.toString('utf8', at + HEADER_BYTES, at + HEADER_BYTES + block.readUInt32LE(at))
    },
  }
}
