// Owns: the encrypted envelope of a passive reply. The XML inside it comes from passive-reply.
import { encryptMessage } from '../crypto/message-cipher.ts'
import { signPush } from '../crypto/signature.ts'
import type { ComponentAppId } from '../ids.ts'
import { buildXml } from '../xml/build-xml.ts'
import type { PushCredentials } from './opened-push.ts'

type ReplyToSeal = {
  /** The credentials that opened the push: WeChat may not use newer ones yet. */
  credentials: PushCredentials
  componentAppId: ComponentAppId
  plaintext: string
  timestampSeconds: number
  /** Of the push. */
  nonce: string
  /** 16 bytes, for known-answer tests only. */
  random16?: Buffer
}

/**
 * The body of the answer that carries a passive reply (被动回复).
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/message_push.html
 */
export function sealReply({
  credentials,
  componentAppId,
  plaintext,
  timestampSeconds,
  nonce,
  random16,
}: ReplyToSeal): string {
  const encrypt = encryptMessage({
    aesKey: credentials.aesKey,
    plaintext,
    receiveId: componentAppId,
    ...(random16 ? { random16 } : {}),
  })
  const signature = signPush({ token: credentials.token, timestamp: String(timestampSeconds), nonce, encrypt })
  return buildXml({ Encrypt: encrypt, MsgSignature: signature, TimeStamp: timestampSeconds, Nonce: nonce })
}
