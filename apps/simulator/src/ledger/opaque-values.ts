// Owns: making WeChat's opaque values with their length, prefix and alphabet. The ledgers know which are valid.
import { randomBytes, randomInt } from 'node:crypto'

// Real tokens have more than 130 characters; these have more than 200, to find columns and parsers that are too short.
const TOKEN_BYTES = 160

/** An access token: more than 200 URL-safe characters, without a prefix for its kind. */
export function newToken(): string {
  return `${randomInt(60, 100)}_${randomBytes(TOKEN_BYTES).toString('base64url')}`
}

export function newTicket(): string {
  return `ticket@@@${randomBytes(57).toString('base64url')}`
}

export function newRefreshToken(): string {
  return `refreshtoken@@@${randomBytes(32).toString('base64url')}`
}

export function newAuthorizationCode(): string {
  return `queryauthcode@@@${randomBytes(48).toString('base64url')}`
}

export function newPreAuthCode(): string {
  return `preauthcode@@@${randomBytes(48).toString('base64url')}`
}

export function newJsTicket(): string {
  return randomBytes(64).toString('base64url').slice(0, 86)
}

/** The `rid` at the end of an errmsg: three groups of eight hex digits, the first one the time. */
export function newRid(nowSeconds: number): string {
  return `${nowSeconds.toString(16).padStart(8, '0')}-${randomBytes(4).toString('hex')}-${randomBytes(4).toString('hex')}`
}

/** A positive 63-bit number: larger than JavaScript's safe integers. */
export function newMsgId(): string {
  return String((randomBytes(8).readBigUInt64BE() >> 2n) | (1n << 61n))
}
