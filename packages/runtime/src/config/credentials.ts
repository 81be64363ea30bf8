// Owns: parsing the credentials in settings: WeChat's, the callers' and the sealing keys.
import { type ComponentAppId, isPlatformId, parseComponentAppId, reservedPlatformId, Secret } from '@wxgw/wechat-core'
import { type CallerConfig, DEFAULT_MAX_CONCURRENT, DEFAULT_MAX_SUBSCRIPTIONS } from './caller-config.ts'
import { matching, type Parsed, type Parser, word } from './parsed.ts'

export type SealingKey = { id: string; key: Buffer }

const MIN_CALLER_KEY_LENGTH = 32
const SEALING_KEY_BYTES = 32

export const platformId: Parser<string> = (text) => {
  if (!isPlatformId(text)) return { problem: 'must be 1 to 32 of a-z, 0-9 and -, and not begin with -' }
  const name = reservedPlatformId(text)
  return name === undefined ? { value: text } : { problem: `is reserved: in Redis it could be mistaken for ${name}` }
}

export const callerName: Parser<string> = matching(
  /^[0-9A-Za-z][0-9A-Za-z_.-]{0,63}$/,
  'must have a name of 1 to 64 letters, digits, _, . and -, beginning with a letter or digit',
)

export const componentAppId: Parser<ComponentAppId> = (text) => {
  const value = parseComponentAppId(text)
  return value === undefined ? { problem: 'must be wx and 16 letters or digits' } : { value }
}

export const secretWord: Parser<Secret> = (text) => secret(word(text))

/**
 * WeChat allows letters and digits. `+` and `/` are accepted too, and the unused bits of the last character are
 * ignored.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html
 */
export const encodingAesKey: Parser<Secret> = (text) =>
  secret(matching(/^[A-Za-z0-9+/]{43}$/, 'must be 43 of A-Z, a-z, 0-9, + and /')(text))

/** A key of the internal listener, as it stands in `Authorization: Bearer`. */
export const callerKey: Parser<Secret> = (text) =>
  secret(
    matching(
      /^[\x21-\x7e]{32,}$/,
      `must have a key of ${MIN_CALLER_KEY_LENGTH} or more printable ASCII characters`,
    )(text),
  )

/** `name=key`; a key may contain `=`. All rights. */
export const namedCallerKey: Parser<CallerConfig> = (text) => {
  const separator = text.indexOf('=')
  if (separator < 0) return { problem: 'must be name=key' }
  const name = callerName(text.slice(0, separator))
  if ('problem' in name) return name
  const key = callerKey(text.slice(separator + 1))
  if ('problem' in key) return key
  const bounds = { maxSubscriptions: DEFAULT_MAX_SUBSCRIPTIONS, maxConcurrent: DEFAULT_MAX_CONCURRENT }
  return { value: { name: name.value, key: key.value, grants: undefined, ...bounds } }
}

/** `id:base64`; base64url is read too, padding is optional. */
export const sealingKey: Parser<SealingKey> = (text) => {
  const separator = text.indexOf(':')
  const id = text.slice(0, Math.max(separator, 0))
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(id))
    return { problem: 'must be id:base64, the id 1 to 32 of A-Z, a-z, 0-9, _ and -' }
  const encoded = text.slice(separator + 1)
  const key = Buffer.from(encoded, 'base64')
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded) || key.length !== SEALING_KEY_BYTES) {
    return { problem: `must have base64 of exactly ${SEALING_KEY_BYTES} bytes after its id` }
  }
  return { value: { id, key } }
}

function secret(parsed: Parsed<string>): Parsed<Secret> {
  return 'problem' in parsed ? parsed : { value: new Secret(parsed.value) }
}
