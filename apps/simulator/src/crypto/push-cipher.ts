// Owns: WXBizMsgCrypt's cipher and signatures on WeChat's side. It shares no code with the gateway, so that it does not
// repeat the gateway's mistakes.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

const BLOCK_BYTES = 32
const RANDOM_BYTES = 16
const LENGTH_BYTES = 4

export type MessageToEncrypt = {
  /** 43 characters of `[A-Za-z0-9]`. */
  encodingAesKey: string
  plaintext: string
  /** Appended to the message before encryption: the component's appid on both kinds of pushes. */
  receiveId: string
  /** 16 bytes before the message. Default: random hex, as WeChat's. */
  random16?: string
}

export type DecryptedMessage = { random16: string; plaintext: string; receiveId: string }

/** AES-256-CBC over `random(16) + length(4, big endian) + message + receiveid`, PKCS#7 to 32 bytes, base64. */
export function encryptMessage(message: MessageToEncrypt): string {
  const { key, iv } = keyAndIv(message.encodingAesKey)
  const body = Buffer.from(message.plaintext, 'utf8')
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(body.length)
  const random = message.random16 ?? randomBytes(RANDOM_BYTES / 2).toString('hex')
  const unpadded = Buffer.concat([Buffer.from(random, 'latin1'), length, body, Buffer.from(message.receiveId, 'utf8')])
  const pad = BLOCK_BYTES - (unpadded.length % BLOCK_BYTES)
  // Node pads to 16 bytes, WeChat to 32.
  const cipher = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  return Buffer.concat([cipher.update(unpadded), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString(
    'base64',
  )
}

/** Throws for invalid base64, block length, padding or inner length. */
export function decryptMessage(encodingAesKey: string, encrypt: string): DecryptedMessage {
  const { key, iv } = keyAndIv(encodingAesKey)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encrypt)) throw new Error('Encrypt is not base64')
  const ciphertext = Buffer.from(encrypt, 'base64')
  if (ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0)
    throw new Error('Encrypt is not whole blocks of 32 bytes')
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()])
  const pad = padded.at(-1) ?? 0
  if (pad < 1 || pad > BLOCK_BYTES || !padded.subarray(-pad).every((byte) => byte === pad))
    throw new Error('padding is broken')
  const content = padded.subarray(0, -pad)
  const start = RANDOM_BYTES + LENGTH_BYTES
  if (content.length < start) throw new Error('message is too short')
  const end = start + content.readUInt32BE(RANDOM_BYTES)
  if (end > content.length) throw new Error('message length is larger than the message')
  return {
    random16: content.toString('latin1', 0, RANDOM_BYTES),
    plaintext: content.toString('utf8', start, end),
    receiveId: content.toString('utf8', end),
  }
}

/** Lower-case hex SHA-1 of the parts, sorted by bytes and joined: `signature` of three, `msg_signature` of four. */
export function signParts(...parts: readonly string[]): string {
  const sorted = parts.map((part) => Buffer.from(part, 'utf8')).sort(Buffer.compare)
  return createHash('sha1').update(Buffer.concat(sorted)).digest('hex')
}

function keyAndIv(encodingAesKey: string) {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  if (key.length !== 32) throw new Error('EncodingAESKey does not hold 32 bytes')
  return { key, iv: key.subarray(0, 16) }
}
