// Owns: building a signed and encrypted push. pusher.ts sends it.
import { randomInt } from 'node:crypto'
import { encryptMessage, signParts } from '../crypto/push-cipher.ts'
import { element, rootOf } from '../xml/write-xml.ts'

export type PushKind = 'component' | 'authorizer'

export type PushCredentials = { token: string; encodingAesKey: string }

export type PushToEncrypt = {
  kind: PushKind
  /** With `$APPID$` replaced. It keeps its own query. */
  url: string
  /** The plaintext, encrypted unchanged. */
  xml: string
  credentials: PushCredentials
  /** The appid after the message in the ciphertext: the component's, on both kinds. */
  receiveId: string
  /** The unencrypted element beside `Encrypt`: the component's `AppId`, or the authorizer's `ToUserName` (`gh_…`). */
  addressee: string
  /** `openid` of the query. */
  openId?: string
  /** Unix time in seconds. Default: now. */
  timestamp?: string
  nonce?: string
  random16?: string
  /** Replaces parameters of the query; undefined removes one. For attacks. */
  query?: Readonly<Record<string, string | undefined>>
}

export type EncryptedPush = {
  /** With the query. */
  url: string
  query: Record<string, string>
  body: string
  headers: { 'content-type': 'text/xml' }
  /** The base64 inside `body`. */
  encrypt: string
}

/**
 * Builds a push as WeChat sends it.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
 */
export function encryptPush(push: PushToEncrypt): EncryptedPush {
  const { token, encodingAesKey } = push.credentials
  const timestamp = push.timestamp ?? String(Math.floor(Date.now() / 1000))
  const nonce = push.nonce ?? String(randomInt(100_000_000, 2_000_000_000))
  const random = push.random16 === undefined ? {} : { random16: push.random16 }
  const encrypt = encryptMessage({ encodingAesKey, plaintext: push.xml, receiveId: push.receiveId, ...random })
  const signed = {
    signature: signParts(token, timestamp, nonce),
    timestamp,
    nonce,
    ...(push.openId === undefined ? {} : { openid: push.openId }),
    encrypt_type: 'aes',
    msg_signature: signParts(token, timestamp, nonce, encrypt),
    ...push.query,
  }
  const query: Record<string, string> = {}
  for (const [name, value] of Object.entries(signed)) if (value !== undefined) query[name] = value
  const clear = element(push.kind === 'component' ? 'AppId' : 'ToUserName', push.addressee)
  return {
    url: `${push.url}${push.url.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`,
    query,
    body: rootOf(`\n    ${clear}\n    ${element('Encrypt', encrypt)}\n`),
    headers: { 'content-type': 'text/xml' },
    encrypt,
  }
}
