// Owns: the framing of records in a segment file, and finding the end of the last whole one. spooled-push.ts owns their
// content.
import { crc32 } from 'node:zlib'

/** Length and CRC-32 of the payload, both unsigned, big endian. */
const HEADER_BYTES = 8
/** A push has at most 1 MiB, sealed and in JSON far below this; a greater length is damage. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024

export function frameRecord(payload: string): Buffer {
  const body = Buffer.from(payload)
  const framed = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  framed.writeUInt32BE(body.length, 0)
  framed.writeUInt32BE(crc32(body), 4)
  body.copy(framed, HEADER_BYTES)
  return framed
}

/**
 * All whole records from the start. `wholeBytes` is where they end: what follows was cut off in the middle, or is
 * damaged.
 */
export function readRecords(bytes: Buffer): { payloads: string[]; wholeBytes: number } {
  const payloads: string[] = []
  let offset = 0
  while (offset + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32BE(offset)
    const end = offset + HEADER_BYTES + length
    if (length === 0 || length > MAX_PAYLOAD_BYTES || end > bytes.length) break
    const body = bytes.subarray(offset + HEADER_BYTES, end)
    if (crc32(body) !== bytes.readUInt32BE(offset + 4)) break
    payloads.push(body.toString())
    offset = end
  }
  return { payloads, wholeBytes: offset }
}
