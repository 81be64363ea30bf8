// Owns: opening a push: outer XML, signature, time, cipher, receiveid, in this order. The inner XML is parsed elsewhere.
import { isAscii, isUtf8 } from 'node:buffer'
import { decodeBase64, decryptBytes } from '../crypto/message-cipher.ts'
import { isSameSignature, signPush } from '../crypto/signature.ts'
import { GatewayError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { readEnvelopeDocument } from './envelope-document.ts'
import type { OpenedPush, PushKeys, PushQuery } from './types.ts'

const NONCE = /^[0-9A-Za-z_-]{1,64}$/
const TIMESTAMP = /^[0-9]{10}$/

export type PushToOpen = {
  keys: PushKeys
  query: PushQuery
  /** The request's body as received. Its size is the caller's business; the time taken is linear in it. */
  body: Buffer | string
  nowMs: number
  maxSkewSeconds: number
}

/**
 * Proves that a push comes from WeChat for this component, and decrypts it. Pure: nothing is remembered, no I/O.
 *
 * The signature neither separates nor orders what it covers: somebody who holds an old push can present its nonce as its timestamp
 * (or the digits cut differently) and the signature still holds. The strict forms and the window refuse that except when the nonce
 * happens to read as the present second, so a caller must also judge the inner CreateTime and de-duplicate by content.
 *
 * Throws GatewayError: MALFORMED_PUSH, NOT_ENCRYPTED, SIGNATURE_MISMATCH (parameters missing too), TIMESTAMP_OUT_OF_RANGE,
 * APPID_MISMATCH (trailing receiveid). All failures of the cipher look the same.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
 */
export function openEnvelope({ keys, query, body, nowMs, maxSkewSeconds }: PushToOpen): OpenedPush {
  const { encrypt, ciphertext } = readEncrypt(body)
  const { timestamp, nonce, token } = verifySignature(keys.tokens, query, encrypt)
  if (!TIMESTAMP.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > maxSkewSeconds) {
    throw new GatewayError('TIMESTAMP_OUT_OF_RANGE', 'the timestamp of the push is too far from now')
  }
  const { plaintext, aesKey } = decrypt(keys, ciphertext)
  return { plaintext, timestamp, nonce, credentials: { token, aesKey } }
}

function readEncrypt(body: Buffer | string): { encrypt: string; ciphertext: Buffer } {
  const document = readEnvelopeDocument(typeof body === 'string' ? body : textOf(body))
  if (document.kind === 'malformed') throw malformed('the body of the push is not an XML envelope')
  if (document.kind === 'plain') throw new GatewayError('NOT_ENCRYPTED', 'the push is not encrypted')
  const ciphertext = decodeBase64(document.encrypt)
  if (ciphertext === undefined) throw malformed('the encrypted part of the push is not base64')
  return { encrypt: document.encrypt, ciphertext }
}

function textOf(body: Buffer): string {
  // As nearly every envelope is, and read in half the time.
  if (isAscii(body)) return body.toString('latin1')
  if (!isUtf8(body)) throw malformed('the body of the push is not UTF-8')
  return body.toString('utf8')
}

function verifySignature(
  tokens: readonly Secret[],
  { msg_signature, timestamp, nonce }: PushQuery,
  encrypt: string,
): { timestamp: string; nonce: string; token: Secret } {
  if (msg_signature && timestamp && nonce && NONCE.test(nonce)) {
    const token = tokens.find((candidate) =>
      isSameSignature(msg_signature, signPush({ token: candidate, timestamp, nonce, encrypt })),
    )
    if (token !== undefined) return { timestamp, nonce, token }
  }
  throw new GatewayError('SIGNATURE_MISMATCH', 'the signature of the push is missing or wrong')
}

function decrypt({ aesKeys, componentAppId }: PushKeys, ciphertext: Buffer): { plaintext: string; aesKey: Buffer } {
  let isForAnother = false
  for (const aesKey of aesKeys) {
    const message = decryptBytes(aesKey, ciphertext)
    // What is authentic is never refused, even when WeChat has cut a character in half.
    if (message?.receiveId === componentAppId) return { plaintext: message.plaintext, aesKey }
    // Not the end yet: one wrong key in some hundreds leaves a padding that looks right.
    if (message?.isUtf8) isForAnother = true
  }
  if (isForAnother) throw new GatewayError('APPID_MISMATCH', 'the push is meant for another component')
  throw malformed('the push cannot be decrypted')
}

function malformed(message: string): GatewayError {
  return new GatewayError('MALFORMED_PUSH', message)
}
