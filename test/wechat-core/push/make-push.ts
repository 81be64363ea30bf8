// Owns: pushes as WeChat would send them, made without the package's own crypto so that a mirrored mistake cannot pass.
import { createCipheriv, createHash } from 'node:crypto'
import { Secret, parseComponentAppId, type ComponentAppId, type PushKeys, type PushQuery } from '@wxgw/wechat-core'

export const COMPONENT = componentAppId('wx134c8103faa5a59e')
export const OTHER_COMPONENT = componentAppId('wx234c8103faa5a59e')
export const AUTHORIZER = 'wxAUTHORIZER000001'
export const NOW_SECONDS = 1_760_000_000
export const AES_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7 + 1))
export const PREVIOUS_AES_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index))
export const TOKEN = 'currenttoken'
export const PREVIOUS_TOKEN = 'previoustoken'

export const KEYS: PushKeys = { componentAppId: COMPONENT, tokens: [new Secret(TOKEN)], aesKeys: [AES_KEY] }

function componentAppId(written: string): ComponentAppId {
  const parsed = parseComponentAppId(written)
  if (parsed === undefined) throw new Error(`${written} is no appid`)
  return parsed
}

export type CipherParts = {
  plaintext?: string | Buffer
  receiveId?: string | Buffer
  aesKey?: Buffer
  /** What the length field says, if not the truth. */
  length?: number
  /** The padding, if not the right one: made from the length it must have. */
  padding?: (length: number) => Buffer
}

export function encryptRaw(content: Buffer, aesKey: Buffer): string {
  const cipher = createCipheriv('aes-256-cbc', aesKey, aesKey.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(content), cipher.final()]).toString('base64')
}

export function encryptPush(parts: CipherParts = {}): string {
  const message = Buffer.from(parts.plaintext ?? '<xml></xml>')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(parts.length ?? message.length)
  const content = Buffer.concat([
    Buffer.from('0123456789abcdef'),
    length,
    message,
    Buffer.from(parts.receiveId ?? COMPONENT),
  ])
  const padBytes = 32 - (content.length % 32)
  return encryptRaw(
    Buffer.concat([content, parts.padding?.(padBytes) ?? Buffer.alloc(padBytes, padBytes)]),
    parts.aesKey ?? AES_KEY,
  )
}

export function signed(
  encrypt: string,
  overrides: { token?: string; timestamp?: string; nonce?: string } = {},
): PushQuery & { msg_signature: string } {
  const { token = TOKEN, timestamp = String(NOW_SECONDS), nonce = '1590219412' } = overrides
  const joined = [token, timestamp, nonce, encrypt].sort().join('')
  return { timestamp, nonce, msg_signature: createHash('sha1').update(joined).digest('hex') }
}

export function envelope(encrypt: string): string {
  return `<xml><AppId><![CDATA[${COMPONENT}]]></AppId><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`
}
