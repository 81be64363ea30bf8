// Owns: what a push to the component's event URL (授权事件接收URL) says. What follows from it is decided elsewhere.
import { GatewayError } from '../errors.ts'
import { parseAuthorizerAppId, type AuthorizerAppId, type ComponentAppId } from '../ids.ts'
import { Secret } from '../secret.ts'
import { parseXml } from '../xml/parse-xml.ts'
import type { XmlTree } from '../xml/tree.ts'
import { XmlRefusedError } from '../xml/xml-refused.ts'
import { createTimeField, textField, wordField } from './fields.ts'
import type { ComponentEvent } from './types.ts'

const MAX_SECRET_CHARACTERS = 512
// oxlint-disable-next-line no-control-regex -- a ticket with a control in it is broken
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const ACCOUNT_FIELDS = ['AuthorizerAppid', 'authorizer_appid', 'verify_appid', 'appid'] as const
// 2001-09-09: nothing below it is the time of an authorization, so it must be a duration.
const FIRST_ABSOLUTE_SECOND = 1_000_000_000

/**
 * Reads a decrypted component event. What cannot be understood is `unparsed`, never an error: it is authentic. `raw` then may hold a
 * ticket or a code, see rawWithoutCodes. Throws APPID_MISMATCH when the document names another component in `AppId`.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html
 */
export function parseComponentEvent(plaintext: string, componentAppId: ComponentAppId): ComponentEvent {
  let data: XmlTree
  try {
    data = parseXml(plaintext, { root: 'xml' })
  } catch (error) {
    if (error instanceof XmlRefusedError) return { kind: 'unparsed', raw: plaintext, reason: error.reason }
    throw error
  }
  const appId = wordField(data, 'AppId')
  if (appId !== undefined && appId !== componentAppId) {
    throw new GatewayError('APPID_MISMATCH', 'the event is meant for another component')
  }
  const event = readEvent(data)
  return typeof event === 'string' ? { kind: 'unparsed', raw: plaintext, reason: event } : event
}

/** The event, or in words why it is none. */
function readEvent(data: XmlTree): ComponentEvent | string {
  const infoType = wordField(data, 'InfoType')
  if (infoType === undefined) return 'no InfoType'
  const createTimeSeconds = createTimeField(data)
  if (createTimeSeconds === undefined) return 'no CreateTime'
  const base = { infoType, createTimeSeconds, data }
  const kind = infoType.toLowerCase()
  switch (kind) {
    case 'component_verify_ticket': {
      const ticket = textField(data, 'ComponentVerifyTicket')
      if (!isUsable(ticket) || CONTROL.test(ticket)) return 'no usable ComponentVerifyTicket'
      return { ...base, kind, ticket: new Secret(ticket) }
    }
    case 'authorized':
    case 'updateauthorized': {
      const authorizerAppId = accountOf(data)
      const code = textField(data, 'AuthorizationCode')
      if (authorizerAppId === undefined) return 'no usable AuthorizerAppid'
      if (!isUsable(code)) return 'no usable AuthorizationCode'
      const preAuthCode = textField(data, 'PreAuthCode')
      return {
        ...base,
        kind,
        authorizerAppId,
        authorizationCode: new Secret(code),
        authorizationCodeExpiresAtSeconds: codeExpiry(data, createTimeSeconds),
        preAuthCode: isUsable(preAuthCode) ? new Secret(preAuthCode) : undefined,
      }
    }
    case 'unauthorized': {
      const authorizerAppId = accountOf(data)
      return authorizerAppId === undefined ? 'no usable AuthorizerAppid' : { ...base, kind, authorizerAppId }
    }
    default:
      return {
        ...base,
        kind: 'other',
        authorizerAppId: ACCOUNT_FIELDS.map((name) => parseAuthorizerAppId(wordField(data, name))).find((id) => id !== undefined),
      }
  }
}

function accountOf(data: XmlTree): AuthorizerAppId | undefined {
  return parseAuthorizerAppId(wordField(data, 'AuthorizerAppid'))
}

function isUsable(secret: string | undefined): secret is string {
  return secret !== undefined && secret.trim() !== '' && secret.length <= MAX_SECRET_CHARACTERS
}

/** Real pushes carry an absolute second (CreateTime + 3600); the documentation only says "expiry in seconds". */
function codeExpiry(data: XmlTree, createTimeSeconds: number): number | undefined {
  const written = wordField(data, 'AuthorizationCodeExpiredTime')
  if (written === undefined || !/^[0-9]{1,10}$/.test(written)) return undefined
  const seconds = Number(written)
  return seconds < FIRST_ABSOLUTE_SECOND ? createTimeSeconds + seconds : seconds
}
