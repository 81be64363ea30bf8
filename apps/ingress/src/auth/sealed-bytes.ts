// Owns: sealing texts that a client stores for us (cursors, sessions): AES-256-GCM, bound to the place where they are
// valid.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
/** How many bytes sealing adds. */
export const SEAL_BYTES = IV_BYTES + TAG_BYTES

export function sealBytes(plain: Buffer, { key, place }: { key: Buffer; place: Buffer }): Buffer {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(place)
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed])
}

/** undefined: sealed with another key, for another place, or not sealed at all. */
export function openBytes(
  sealed: Buffer,
  { keys, place }: { keys: readonly Buffer[]; place: Buffer },
): Buffer | undefined {
  if (sealed.length < SEAL_BYTES) return undefined
  for (const key of keys) {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(place)
      .setAuthTag(sealed.subarray(IV_BYTES, SEAL_BYTES))
    const plain = decipher.update(sealed.subarray(SEAL_BYTES))
    try {
      decipher.final()
      return plain
    } catch {
      // Sealed with another key.
    }
  }
  return undefined
}
