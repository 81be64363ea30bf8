// Owns: a ring buffer of records with the time of each. All of it lies in one block outside V8's heap: an object per
// record would be promoted to V8's old generation, and a process under load would collect garbage there all the time.

/** The position of a record: the number of all bytes written before it, overwritten ones included. */
export type Place = number

/** `head`: ASCII. `body`: any bytes. */
export type RingRecord = { head: string; body: Buffer }

type PushRing = {
  /** Overwrites the oldest records. One that is larger than the ring is not kept. The body is copied. */
  write(record: RingRecord, atMs: number): void
  /** Drops the records with an earlier time, oldest first. */
  dropBefore(atMs: number): void
  /** Oldest first. */
  places(): Place[]
  /** A copy. undefined: it was overwritten or dropped. */
  read(place: Place): RingRecord | undefined
}

/** Before each record: the length of head and body, the length of the head, the time. */
const HEADER_BYTES = 16
const HEAD_OFFSET = 4
const TIME_OFFSET = 8
/** Instead of a length: the next record is at the start of the block. */
const NEXT_LAP = 0xffff_ffff

export function createPushRing(size: number): PushRing {
  // The system allocates memory only for written pages.
  const block = Buffer.allocUnsafeSlow(size)
  let oldest = 0
  let end = 0

  /** `place`, or the start of the next lap where no record begins at it. */
  function recordAt(place: Place): Place {
    const left = size - (place % size)
    return left < HEADER_BYTES || block.readUInt32LE(place % size) === NEXT_LAP ? place + left : place
  }

  function after(place: Place): Place {
    const next = place + HEADER_BYTES + block.readUInt32LE(place % size)
    return next < end ? recordAt(next) : end
  }

  return {
    write({ head, body }, atMs) {
      const bytes = head.length + body.length
      const needed = HEADER_BYTES + bytes
      if (needed > size) return
      const left = size - (end % size)
      const place = needed > left ? end + left : end
      while (oldest < end && place + needed - oldest > size) oldest = after(oldest)
      if (place !== end && left >= HEADER_BYTES) block.writeUInt32LE(NEXT_LAP, end % size)
      if (oldest === end) oldest = place
      const at = place % size
      block.writeUInt32LE(bytes, at)
      block.writeUInt32LE(head.length, at + HEAD_OFFSET)
      block.writeDoubleLE(atMs, at + TIME_OFFSET)
      block.write(head, at + HEADER_BYTES, 'latin1')
      body.copy(block, at + HEADER_BYTES + head.length)
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
      const start = at + HEADER_BYTES
      const bodyStart = start + block.readUInt32LE(at + HEAD_OFFSET)
      const body = Buffer.from(block.subarray(bodyStart, start + block.readUInt32LE(at)))
      return { head: block.toString('latin1', start, bodyStart), body }
    },
  }
}
