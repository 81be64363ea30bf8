// Owns: sealing secrets for storage: AES-256-GCM, bound to the place of the value, prefixed with the key's id.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { GatewayError, Secret } from '@wxgw/wechat-core'

/** The place of a sealed value: copied to another platform, appid or field it does not open. */
export type SealedPlace = { platform: string; subject: string; field: string }

export type Sealer = {
  seal(plaintext: string, place: SealedPlace): string
  /** Rejects with INTERNAL when no key opens it: wrong key, wrong place, or damaged. */
  open(sealed: string, place: SealedPlace): Secret
  /** Whether it is sealed with the first key. False: a rotation of the keys reseals it. */
  isCurrent(sealed: string): boolean
}

const VERSION = 'v1'
/** Written instead when ALLOW_UNSEALED=true: for development only. */
const UNSEALED = 'v0'
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * `v1.<key id>.<base64url(iv | tag | ciphertext)>`. The first key seals, all open. No keys = unsealed, marked `v0.`.
 */
export function createSealer(keys: ReadonlyArray<{ id: string; key: Buffer }>): Sealer {
  const [first] = keys
  return {
    isCurrent: (sealed) => sealed.startsWith(first ? `${VERSION}.${first.id}.` : `${UNSEALED}.`),
    seal(plaintext, place) {
      if (!first) return `${UNSEALED}.${Buffer.from(plaintext).toString('base64url')}`
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', first.key, iv).setAAD(additionalData(place))
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      return `${VERSION}.${first.id}.${Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url')}`
    },
    open(sealed, place) {
      const [version, keyId, body] = sealed.split('.')
      if (version === UNSEALED && keyId !== undefined)
        return new Secret(Buffer.from(keyId, 'base64url').toString('utf8'))
      const key = keys.find((candidate) => candidate.id === keyId)
      if (version !== VERSION || !key || body === undefined) {
        throw new GatewayError('INTERNAL', `no sealing key opens ${place.field}`)
      }
      const bytes = Buffer.from(body, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(0, IV_BYTES))
          .setAAD(additionalData(place))
          .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
        const ciphertext = bytes.subarray(IV_BYTES + TAG_BYTES)
        return new Secret(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8'))
      } catch (cause) {
        throw new GatewayError('INTERNAL', `sealed ${place.field} does not open`, { cause })
      }
    },
  }
}

function additionalData(place: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify([place.platform, place.subject, place.field]))
}
