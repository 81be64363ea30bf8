// Owns: WeChat's side of a push, written from its documentation and not with wechat-core: seals and signs.
import { createCipheriv, createHash, randomBytes } from 'node:crypto'

export const PUSH_TOKEN = 'push-token-of-the-tests'
export const PUSH_AES_KEY = Buffer.alloc(32, 7)
export const COMPONENT_APPID = 'wxc000000000000001'

export type PushOptions = {
  token?: string
  aesKey?: Buffer
  receiveId?: string
  timestamp?: string | number
  nonce?: string
}

export type SealedPush = { query: Record<string, string>; body: string }

export function sealPush(plaintext: string | Buffer, timestampSeconds: number, options: PushOptions = {}): SealedPush {
  const { token = PUSH_TOKEN, aesKey = PUSH_AES_KEY, receiveId = COMPONENT_APPID, nonce = '1804289383' } = options
  const timestamp = String(options.timestamp ?? timestampSeconds)
  const encrypt = encryptText(plaintext, { aesKey, receiveId })
  return {
    query: { timestamp, nonce, encrypt_type: 'aes', msg_signature: sign([token, timestamp, nonce, encrypt]) },
    body: `<xml><AppId><![CDATA[${receiveId}]]></AppId><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
  }
}

export function sign(parts: readonly string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex')
}

export function encryptText(
  text: string | Buffer,
  { aesKey, receiveId }: { aesKey: Buffer; receiveId: string },
): string {
  const content = typeof text === 'string' ? Buffer.from(text) : text
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const unpadded = Buffer.concat([randomBytes(16), length, content, Buffer.from(receiveId)])
  const padding = 32 - (unpadded.length % 32)
  const cipher = createCipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([
    cipher.update(Buffer.concat([unpadded, Buffer.alloc(padding, padding)])),
    cipher.final(),
  ]).toString('base64')
}

/** `a=1&b=2`, percent-encoded. */
export function queryText(query: Record<string, string>): string {
  return new URLSearchParams(query).toString()
}

export function textMessage(fields: {
  to?: string
  from?: string
  createTime: number
  content?: string
  msgId?: string
}): string {
  const { to = 'gh_0000000000aa', from = 'oUSER', createTime, content = '你好', msgId = '23456789012345678' } = fields
  return (
    `<xml><ToUserName><![CDATA[${to}]]></ToUserName><FromUserName><![CDATA[${from}]]></FromUserName>` +
    `<CreateTime>${createTime}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content><MsgId>${msgId}</MsgId></xml>`
  )
}

export function componentDocument(infoType: string, createTime: number, rest = '', appId = COMPONENT_APPID): string {
  return `<xml><AppId>${appId}</AppId><CreateTime>${createTime}</CreateTime><InfoType>${infoType}</InfoType>${rest}</xml>`
}
