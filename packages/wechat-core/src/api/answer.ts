// Owns: parsing the JSON of WeChat's answers: first the errcode, then one field at a time. An error never quotes an
// answer.
import { WeChatApiError, WeChatTransportError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { errcodeRetryOptions } from './errcodes.ts'
import { presentableErrmsg } from './errmsg.ts'
import type { HttpAnswer } from './http.ts'
import type { FuncInfo } from './apis.ts'

/** An object of an answer, and the API that gave it. */
export type Answer = { api: string; fields: Readonly<Record<string, unknown>> }

const MAX_LIFETIME_SECONDS = 1_000_000
// What WeChat issues goes into query strings: visible ASCII. WeChat documents 512 characters for a token.
const ISSUED = /^[\x21-\x7e]{1,4096}$/
const CONTROL = /\p{Cc}/gu

/**
 * Rejects with WeChatApiError when there is an errcode other than 0, whatever the HTTP status, and with
 * WeChatTransportError when the status is not 200 or the body is no JSON object.
 */
export function parseAnswer(api: string, { statusCode, text }: HttpAnswer, knownSecrets: readonly string[]): Answer {
  const fields = parseObject(text)
  const errcode = fields && parseErrcode(api, fields)
  if (fields && errcode) {
    const errmsg = presentableErrmsg(fields['errmsg'], knownSecrets)
    throw new WeChatApiError(api, { errcode, errmsg }, errcodeRetryOptions(errcode))
  }
  if (statusCode !== 200) throw new WeChatTransportError('WECHAT_API_ERROR', api, `${api} answered HTTP ${statusCode}`)
  if (!fields) throw malformed(api, 'no JSON object')
  return { api, fields }
}

export function malformed(api: string, what: string): WeChatTransportError {
  return new WeChatTransportError('WECHAT_API_ERROR', api, `${api} answered without sense: ${what}`)
}

/** For calls whose answer is only `errcode` 0. */
export function confirmed({ api, fields }: Answer): void {
  if (isAbsent(fields['errcode'])) throw malformed(api, 'errcode')
}

/** A token, ticket or code that must be there. */
export function issued(answer: Answer, name: string): Secret {
  const secret = issuedIfAny(answer, name)
  if (!secret) throw malformed(answer.api, name)
  return secret
}

export function issuedIfAny({ api, fields }: Answer, name: string): Secret | undefined {
  const value = fields[name]
  if (isAbsent(value)) return undefined
  const secret = parseIssued(value)
  if (!secret) throw malformed(api, name)
  return secret
}

export function parseIssued(value: unknown): Secret | undefined {
  return typeof value === 'string' && ISSUED.test(value) ? new Secret(value) : undefined
}

/** `expires_in`: whole seconds from 1 to 1,000,000. */
export function lifetimeSeconds({ api, fields }: Answer): number {
  const seconds = parseInteger(fields['expires_in'])
  if (seconds === undefined || seconds < 1 || seconds > MAX_LIFETIME_SECONDS) throw malformed(api, 'expires_in')
  return seconds
}

/** A whole number of 0 or more that must be there. */
export function count({ api, fields }: Answer, name: string): number {
  const value = parseInteger(fields[name])
  if (value === undefined || value < 0) throw malformed(api, name)
  return value
}

export function object(answer: Answer, name: string): Answer {
  const found = objectIfAny(answer, name)
  if (!found) throw malformed(answer.api, name)
  return found
}

export function objectIfAny({ api, fields }: Answer, name: string): Answer | undefined {
  const value = fields[name]
  if (isAbsent(value)) return undefined
  if (!isObject(value)) throw malformed(api, name)
  return { api, fields: value }
}

export function arrayIfAny({ api, fields }: Answer, name: string): readonly unknown[] | undefined {
  const value = fields[name]
  if (isAbsent(value)) return undefined
  if (!Array.isArray(value)) throw malformed(api, name)
  return value
}

/**
 * A number becomes its decimal notation: a name may be all digits, and some servers then send it as a number. '' for
 * anything else.
 */
export function text({ fields }: Answer, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

/** `{"<name>": {"id": 1}}`; null when there is none. */
export function idOf({ fields }: Answer, name: string): number | null {
  const value = fields[name]
  return (isObject(value) ? parseInteger(value['id']) : undefined) ?? null
}

/**
 * undefined when there is no entry. Never throws: permission sets are only displayed, and the same answer carries the
 * tokens.
 */
export function funcInfoIfAny({ fields }: Answer): FuncInfo | undefined {
  const value = fields['func_info']
  if (!Array.isArray(value)) return undefined
  const entries = value.filter((entry) => isObject(entry) && !isAbsent(entry))
  return entries.length > 0 ? entries : undefined
}

/** Numbers and their decimal notation; WeChat's own pages and answers mix the two. */
export function parseInteger(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** WeChat's servers omit an absent field, or write `null`, `""`, `[]` or `{}`. */
export function isAbsent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function parseErrcode(api: string, fields: Readonly<Record<string, unknown>>): number {
  if (isAbsent(fields['errcode'])) return 0
  const errcode = parseInteger(fields['errcode'])
  if (errcode === undefined) throw malformed(api, 'errcode')
  return errcode
}

export function parseObject(json: string): Record<string, unknown> | undefined {
  let value: unknown
  try {
    // In valid JSON control characters only separate tokens. Nicknames sometimes contain raw ones.
    value = JSON.parse(json.replace(CONTROL, ' '))
  } catch {
    // The parser's error quotes the body.
    return undefined
  }
  return isObject(value) ? value : undefined
}
