// Owns: a ring buffer of texts with a fixed size in bytes, outside V8's heap, so that its content does not slow down garbage
// collection.

/** A text's place: the number of all bytes before it, those included that were overwritten since. */
export type Place = { from: number; bytes: number }

export type TextRing = {
  /** Overwrites the oldest ones. undefined: it is larger than the ring. */
  write(text: string): Place | undefined
  /** Has nothing been written over it? */
  holds(place: Place): boolean
  /** Of a place that is held. */
  read(place: Place): string
}

export function createTextRing(size: number): TextRing {
  // The system gives memory to what has been written to.
  const ring = Buffer.allocUnsafeSlow(size)
  let end = 0

  return {
    write(text) {
      const bytes = Buffer.byteLength(text)
      if (bytes > size) return undefined
      const left = size - (end % size)
      const from = bytes > left ? end + left : end
      ring.write(text, from % size)
      end = from + bytes
      return { from, bytes }
    },
    holds: ({ from }) => from >= end - size,
    read: ({ from, bytes }) => ring.toString('utf8', from % size, (from % size) + bytes),
  }
}
