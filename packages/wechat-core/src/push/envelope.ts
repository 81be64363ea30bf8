// Owns: opening a push: query, outer XML, signature, cipher, receiveid, in this order. The inner XML is parsed
// elsewhere.
import { isAscii, isUtf8 } from 'node:buffer'
import { decodeBase64, decryptBytes } from '../crypto/message-cipher.ts'
import { isEqualSignature, isSameSignature, isSignature, signLargePush, signPush } from '../crypto/signature.ts'
import { textOfValidUtf8 } from '../crypto/utf8.ts'
import { GatewayError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { readEnvelopeDocument } from './envelope-document.ts'
import { LARGE_BODY_BYTES, plainEncryptOf } from './large-envelope.ts'
import type { OpenedPush, PushKeys, PushQuery } from './opened-push.ts'

const NONCE = /^[0-9A-Za-z_-]{1,64}$/
const TIMESTAMP = /^[0-9]{10}$/

type PushQueryToCheck = { query: PushQuery; nowMs: number; maxSkewSeconds: number }

export type PushToOpen = PushQueryToCheck & {
  keys: PushKeys
  /** The request's body as received. The caller bounds its size; the time is linear in it. */
  body: Buffer | string
}

/**
 * Refuses a push by its query alone, before its body is read. openEnvelope makes the same check. Throws
 * SIGNATURE_MISMATCH, TIMESTAMP_OUT_OF_RANGE, and NOT_ENCRYPTED for the query of a push in plain mode (明文模式).
 */
export function checkPushQuery(check: PushQueryToCheck): void {
  signedQuery(check)
}

/**
 * Proves that a push comes from WeChat for this component, and decrypts it. Pure, no I/O.
 *
 * The signature neither separates nor orders the values it covers. An attacker with an old push can swap its nonce and
 * timestamp, or split their digits differently, and the signature still holds. The strict formats and the time window
 * refuse this unless the nonce happens to be the present second, so callers must also check the inner CreateTime and
 * de-duplicate by content.
 *
 * Throws GatewayError: as checkPushQuery first, then MALFORMED_PUSH, NOT_ENCRYPTED, SIGNATURE_MISMATCH, APPID_MISMATCH
 * (trailing receiveid). All failures of the cipher look the same.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
 */
export function openEnvelope(push: PushToOpen): OpenedPush {
  const { keys, body } = push
  const signed = signedQuery(push)
  if (typeof body !== 'string' && isLargeForgery(keys.tokens, signed, body)) throw signatureMismatch()
  const encrypt = readEncrypt(body)
  const { signature, timestamp, nonce } = signed
  const token = keys.tokens.find((candidate) =>
    isEqualSignature(signature, signPush({ token: candidate, timestamp, nonce, encrypt })),
  )
  if (token === undefined) throw signatureMismatch()
  const ciphertext = decodeBase64(encrypt)
  if (ciphertext === undefined) throw malformed('the encrypted part of the push is not base64')
  const { plaintext, plaintextBytes, aesKey } = decrypt(keys, ciphertext)
  return { plaintext, plaintextBytes, timestamp, nonce, credentials: { token, aesKey } }
}

function isLargeForgery(
  tokens: readonly Secret[],
  { signature, timestamp, nonce }: SignedQuery,
  body: Buffer,
): boolean {
  const encrypt = body.length < LARGE_BODY_BYTES ? undefined : plainEncryptOf(body)
  if (encrypt === undefined) return false
  return !tokens.some((token) => isSameSignature(signature, signLargePush({ token, timestamp, nonce, encrypt })))
}

type SignedQuery = { signature: string; timestamp: string; nonce: string }

function signedQuery({ query, nowMs, maxSkewSeconds }: PushQueryToCheck): SignedQuery {
  const { msg_signature: signature, timestamp, nonce } = query
  if (signature === undefined && query.signature !== undefined && query.encrypt_type !== 'aes') throw notEncrypted()
  if (!signature || !timestamp || !nonce || !NONCE.test(nonce) || !isSignature(signature)) throw signatureMismatch()
  if (!TIMESTAMP.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > maxSkewSeconds) {
    throw new GatewayError('TIMESTAMP_OUT_OF_RANGE', 'the timestamp of the push is too far from now')
  }
  return { signature, timestamp, nonce }
}

function readEncrypt(body: Buffer | string): string {
  const document = readEnvelopeDocument(typeof body === 'string' ? body : textOf(body))
  if (document.kind === 'malformed') throw malformed('the body of the push is not an XML envelope')
  if (document.kind === 'plain') throw notEncrypted()
  return document.encrypt
}

function textOf(body: Buffer): string {
  // Nearly every envelope is ASCII, and latin1 decodes it in half the time.
  if (isAscii(body)) return body.toString('latin1')
  if (!isUtf8(body)) throw malformed('the body of the push is not UTF-8')
  return textOfValidUtf8(body)
}

type Decrypted = { plaintext: string; plaintextBytes: Buffer; aesKey: Buffer }

function decrypt({ aesKeys, componentAppId }: PushKeys, ciphertext: Buffer): Decrypted {
  let isForAnother = false
  for (const aesKey of aesKeys) {
    const message = decryptBytes(aesKey, ciphertext)
    // An authentic push is never refused, even when WeChat has cut a character in half.
    if (message?.receiveId === componentAppId)
      return { plaintext: message.plaintext, plaintextBytes: message.bytes, aesKey }
    // Try the next key: one wrong key in a few hundred leaves valid padding.
    if (message?.isUtf8) isForAnother = true
  }
  if (isForAnother) throw new GatewayError('APPID_MISMATCH', 'the push is meant for another component')
  throw malformed('the push cannot be decrypted')
}

function signatureMismatch(): GatewayError {
  return new GatewayError('SIGNATURE_MISMATCH', 'the signature of the push is missing or wrong')
}

function notEncrypted(): GatewayError {
  return new GatewayError('NOT_ENCRYPTED', 'the push is not encrypted')
}

function malformed(message: string): GatewayError {
  return new GatewayError('MALFORMED_PUSH', message)
}
