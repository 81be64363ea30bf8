// Owns: WeChat's SHA-1 signatures and their comparison in constant time.
import { createHash, hash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../secret.ts'

const SIGNATURE = /^[0-9a-f]{40}$/

/** From this length on, hashing part by part is cheaper than joining the parts. */
const LONG_CHARACTERS = 16_384

const givenBytes = Buffer.alloc(40)
const expectedBytes = Buffer.alloc(40)

type PushSignatureParts = { token: Secret; timestamp: string; nonce: string; encrypt: string }

/**
 * `msg_signature` of a push and `MsgSignature` of a reply, as 40 lower-case hex digits.
 * The parts are sorted and joined without separators: the signature does not say which part was which.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
 */
export function signPush({ token, timestamp, nonce, encrypt }: PushSignatureParts): string {
  return sha1OfSorted([token.reveal(), timestamp, nonce, encrypt])
}

/** Longer than any token, timestamp or nonce. */
const HEAD_CHARACTERS = 256

/** As signPush, for a large `encrypt` that is still bytes. */
export function signLargePush({
  token,
  timestamp,
  nonce,
  encrypt,
}: Omit<PushSignatureParts, 'encrypt'> & { encrypt: Buffer }): string {
  const head = encrypt.toString('latin1', 0, HEAD_CHARACTERS)
  const sorted = [token.reveal(), timestamp, nonce, head].sort()
  return sha1OfParts(sorted.map((part) => (part === head ? encrypt : part)))
}

/**
 * Whether `signature` is that of a URL check (GET with `echostr`) under one of the tokens; false when a parameter is
 * missing.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export function verifyUrlSignature(check: {
  tokens: readonly Secret[]
  signature: string | undefined
  timestamp: string | undefined
  nonce: string | undefined
}): boolean {
  const { tokens, signature, timestamp, nonce } = check
  if (!signature || !timestamp || !nonce) return false
  return tokens.some((token) => isSameSignature(signature, sha1OfSorted([token.reveal(), timestamp, nonce])))
}

/** Whether it has the form of a signature; anything else cannot match. */
export function isSignature(text: string): boolean {
  return SIGNATURE.test(text)
}

/** Compares in constant time. Only 40 lower-case hex digits can match. */
export function isSameSignature(given: string, expected: string): boolean {
  return isSignature(given) && isEqualSignature(given, expected)
}

/** As isSameSignature, of two that have the form of a signature. */
export function isEqualSignature(given: string, expected: string): boolean {
  givenBytes.write(given, 'latin1')
  expectedBytes.write(expected, 'latin1')
  return timingSafeEqual(givenBytes, expectedBytes)
}

// WeChat sorts bytes, the default sort compares UTF-16 units: the same order for everything below U+D800, and all parts
// are ASCII.
function sha1OfSorted(parts: string[]): string {
  const sorted = sortedInPlace(parts)
  if (parts.every(({ length }) => length < LONG_CHARACTERS)) return hash('sha1', sorted.join(''))
  return sha1OfParts(sorted)
}

/** Four strings are sorted so in a third of the time of Array.prototype.sort, which copies them. */
function sortedInPlace(parts: string[]): string[] {
  for (let end = 1; end < parts.length; end += 1) {
    const part = parts[end] ?? ''
    let at = end
    for (let before = parts[at - 1]; before !== undefined && before > part; before = parts[at - 1]) parts[at--] = before
    parts[at] = part
  }
  return parts
}

function sha1OfParts(parts: ReadonlyArray<string | Buffer>): string {
  const digest = createHash('sha1')
  for (const part of parts) digest.update(part)
  return digest.digest('hex')
}
