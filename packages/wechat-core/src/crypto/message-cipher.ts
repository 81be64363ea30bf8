// Owns: the cipher of pushes and replies: AES-256-CBC around random(16) + length(4) + message + receiveid, padded to 32
// bytes. Knows nothing of signatures and XML.
import { isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv, randomBytes, type Decipher } from 'node:crypto'
import { textOfUtf8 } from './utf8.ts'

const RANDOM_BYTES = 16
const HEADER_BYTES = RANDOM_BYTES + 4
const CIPHER_BLOCK_BYTES = 16
// WeChat pads to multiples of 32, not of the cipher's 16: Node's own padding check refuses every pad over 16.
const PAD_BLOCK_BYTES = 32

/** Bytes that are no UTF-8 stand as U+FFFD in `plaintext`, and `isUtf8` says so. `bytes`: the plaintext as it came. */
export type DecryptedMessage = { plaintext: string; bytes: Buffer; receiveId: string; isUtf8: boolean }

/**
 * The `Encrypt` of a message, in base64 without line breaks. `random16` (16 bytes) is for known-answer tests only.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html
 */
export function encryptMessage(message: {
  aesKey: Buffer
  plaintext: string
  receiveId: string
  random16?: Buffer
}): string {
  const { aesKey, plaintext, receiveId, random16 = randomPrefix() } = message
  if (random16.length !== RANDOM_BYTES) throw new RangeError('random16 must be 16 bytes')
  const body = Buffer.from(plaintext, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  const content = Buffer.concat([random16, length, body, Buffer.from(receiveId, 'utf8')])
  const padBytes = PAD_BLOCK_BYTES - (content.length % PAD_BLOCK_BYTES)
  const cipher = createCipheriv('aes-256-cbc', aesKey, initialVector(aesKey)).setAutoPadding(false)
  return Buffer.concat([
    cipher.update(content),
    cipher.update(Buffer.alloc(padBytes, padBytes)),
    cipher.final(),
  ]).toString('base64')
}

/** The message and its receiveid, or undefined when `encrypted` cannot be opened with this key, whatever the reason. */
export function decryptMessage({
  aesKey,
  encrypted,
}: {
  aesKey: Buffer
  encrypted: string
}): DecryptedMessage | undefined {
  const ciphertext = decodeBase64(encrypted)
  return ciphertext && decryptBytes(aesKey, ciphertext)
}

/**
 * Strict: standard alphabet, right padding, canonical spare bits, no breaks, not empty. (Node ignores invalid
 * characters.)
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}

/** As decryptMessage, of bytes. Every length is checked before it is used. */
export function decryptBytes(aesKey: Buffer, ciphertext: Buffer): DecryptedMessage | undefined {
  if (ciphertext.length < HEADER_BYTES || ciphertext.length % CIPHER_BLOCK_BYTES !== 0) return undefined
  const padded = decipherBlocks(aesKey, ciphertext)
  const end = endOfContent(padded)
  if (end === undefined || end < HEADER_BYTES) return undefined
  const messageEnd = HEADER_BYTES + padded.readUInt32BE(RANDOM_BYTES)
  if (messageEnd === HEADER_BYTES || messageEnd > end) return undefined
  const bytes = padded.subarray(HEADER_BYTES, messageEnd)
  const receiveId = padded.toString('utf8', messageEnd, end)
  return { plaintext: textOfUtf8(bytes), bytes, isUtf8: isUtf8(bytes), receiveId }
}

const decipherers = new WeakMap<Buffer, Decipher>()

// Reusing one decipher object per key saves two thirds of the cost. In CBC the previous ciphertext block changes only
// the first block of the next message, which is the random prefix that nobody reads. Whole blocks in give whole blocks
// out.
function decipherBlocks(aesKey: Buffer, ciphertext: Buffer): Buffer {
  let decipher = decipherers.get(aesKey)
  if (decipher === undefined) {
    decipher = createDecipheriv('aes-256-cbc', aesKey, initialVector(aesKey)).setAutoPadding(false)
    decipherers.set(aesKey, decipher)
  }
  return decipher.update(ciphertext)
}

/** Where the padding begins; undefined when it is invalid. */
function endOfContent(padded: Buffer): number | undefined {
  const padBytes = padded[padded.length - 1] ?? 0
  if (padBytes < 1 || padBytes > PAD_BLOCK_BYTES || padBytes > padded.length) return undefined
  const end = padded.length - padBytes
  for (let at = end; at < padded.length; at++) {
    if (padded[at] !== padBytes) return undefined
  }
  return end
}

function initialVector(aesKey: Buffer): Buffer {
  return aesKey.subarray(0, CIPHER_BLOCK_BYTES)
}

// ASCII, as WeChat and its SDKs write it: some decoders read the prefix as text.
function randomPrefix(): Buffer {
  return Buffer.from(randomBytes(12).toString('base64url'), 'latin1')
}
