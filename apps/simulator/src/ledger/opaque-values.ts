// Owns: what WeChat's opaque values look like: length, prefix, alphabet. Whether one is valid is the ledgers' business.
import { randomBytes, randomInt } from 'node:crypto'

// Real tokens grew past 130 characters; columns and parsers must bear more than 200.
const TOKEN_BYTES = 160

/** An access token: more than 200 characters, url-safe, no prefix that says whose it is. */
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

/** `rid` at the end of an errmsg: three groups of eight hex digits, the first is the time. */
export function newRid(nowSeconds: number): string {
  return `${nowSeconds.toString(16).padStart(8, '0')}-${randomBytes(4).toString('hex')}-${randomBytes(4).toString('hex')}`
}

/** Positive and 63 bits long: beyond what a JavaScript number holds. */
export function newMsgId(): string {
  return String((randomBytes(8).readBigUInt64BE() >> 2n) | (1n << 61n))
}
