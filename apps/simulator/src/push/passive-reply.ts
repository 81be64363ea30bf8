// Owns: decrypting and checking a passive reply (被动回复).
import { decryptMessage, signParts } from '../crypto/push-cipher.ts'
import { readXml, textOf, type XmlFields } from '../xml/read-xml.ts'
import type { PushCredentials } from './envelope.ts'

export type PassiveReply = {
  /** Decrypted. */
  xml: string
  fields: XmlFields
  timestamp: string
  nonce: string
}

export type OpenedReply = { reply: PassiveReply } | { problem: string }

type Expected = {
  /** The push's own: the reply is encrypted with the same key. */
  credentials: PushCredentials
  receiveId: string
  /** The user whose message was pushed: the reply must be addressed to the same one. */
  openId: string | undefined
}

/** Checks MsgSignature with the reply's own TimeStamp and Nonce, the appid, and the addressed user. */
export function openReply(body: string, expected: Expected): OpenedReply {
  const envelope = readXml(body)
  if (!envelope) return { problem: 'the answer is neither success nor XML' }
  const [encrypt, signature, timestamp, nonce] = ['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'].map((name) =>
    textOf(envelope, name),
  )
  if (!encrypt || !signature || !timestamp || !nonce) {
    return { problem: 'the reply lacks Encrypt, MsgSignature, TimeStamp or Nonce' }
  }
  if (signature !== signParts(expected.credentials.token, timestamp, nonce, encrypt))
    return { problem: 'MsgSignature is wrong' }
  const decrypted = tryToDecrypt(expected.credentials.encodingAesKey, encrypt)
  if (decrypted === undefined) return { problem: 'Encrypt cannot be decrypted with the key of the push' }
  if (decrypted.receiveId !== expected.receiveId) return { problem: 'the appid in the reply is not the component' }
  const fields = readXml(decrypted.plaintext)
  if (!fields) return { problem: 'the decrypted reply is no XML' }
  if (expected.openId !== undefined && textOf(fields, 'ToUserName') !== expected.openId) {
    return { problem: 'ToUserName of the reply is not the user who wrote' }
  }
  return { reply: { xml: decrypted.plaintext, fields, timestamp, nonce } }
}

function tryToDecrypt(encodingAesKey: string, encrypt: string) {
  try {
    return decryptMessage(encodingAesKey, encrypt)
  } catch {
    // WeChat gives the same error for every failure of the cipher.
    return undefined
  }
}
