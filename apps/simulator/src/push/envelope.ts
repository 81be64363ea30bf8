// Owns: one signed and encrypted push, ready to be sent. Sending and judging answers is the pusher's business.
import { randomInt } from 'node:crypto'
import { encryptMessage, signParts } from '../crypto/push-cipher.ts'
import { element, rootOf } from '../xml/write-xml.ts'

export type PushKind = 'component' | 'authorizer'

export type PushCredentials = { token: string; encodingAesKey: string }

export type PushToEncrypt = {
  kind: PushKind
  /** `$APPID$` must have been replaced. A query of its own is kept. */
  url: string
  /** The plaintext, sent byte for byte. */
  xml: string
  credentials: PushCredentials
  /** The appid behind the message inside the ciphertext: the component's, on both kinds. */
  receiveId: string
  /** The clear element beside `Encrypt`: `AppId` of the component, or `ToUserName` (`gh_…`) of the authorizer. */
  addressee: string
  /** Sent as `openid` in the query when given. */
  openId?: string
  /** Unix seconds; now when left out. */
  timestamp?: string
  nonce?: string
  random16?: string
  /** Laid over the query at the end; undefined takes a parameter out. For attacks. */
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
 * Builds a push as WeChat sends it, to be sent as it is or after having been altered.
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
