// Owns: parsing a push to the component's event URL (授权事件接收URL).
import { GatewayError } from '../errors.ts'
import { parseAuthorizerAppId, type AuthorizerAppId, type ComponentAppId } from '../ids.ts'
import { Secret } from '../secret.ts'
import type { XmlTree } from '../xml/tree.ts'
import { createTimeField, textField, wordField } from './fields.ts'
import type { ComponentEvent } from './opened-push.ts'
import { parsePushDocument } from './push-document.ts'

const MAX_SECRET_CHARACTERS = 512
// oxlint-disable-next-line no-control-regex -- a ticket with a control in it is broken
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const AUTHORIZER_FIELD = ['AuthorizerAppid']
const ACCOUNT_FIELDS = [...AUTHORIZER_FIELD, 'authorizer_appid', 'verify_appid', 'appid']
// 2001-09-09. A smaller number is a duration.
const FIRST_ABSOLUTE_SECOND = 1_000_000_000

type ComponentPush = { plaintext: string; componentAppId: ComponentAppId; receivedAtMs: number }

/**
 * Reads a decrypted component event. Without an InfoType, or when it is not XML, it is `unparsed`, not an error: it is
 * authentic. An event that lacks the code or the account that its kind needs is `other`. Both may contain a ticket or a
 * code. Throws APPID_MISMATCH when the document names another component in `AppId`.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/authorize_event.html
 */
export function parseComponentEvent({ plaintext, componentAppId, receivedAtMs }: ComponentPush): ComponentEvent {
  const document = parsePushDocument(plaintext)
  if ('reason' in document) return { kind: 'unparsed', raw: plaintext, reason: document.reason }
  const { data } = document
  const appId = wordField(data, 'AppId')
  if (appId !== undefined && appId !== componentAppId) {
    throw new GatewayError('APPID_MISMATCH', 'the event is meant for another component')
  }
  const infoType = wordField(data, 'InfoType')
  if (infoType === undefined) return { kind: 'unparsed', raw: plaintext, reason: 'no-info-type' }
  const base = { infoType, createTimeSeconds: createTimeField(data, receivedAtMs), data }
  return understood(base) ?? { ...base, kind: 'other', authorizerAppId: accountIn(data, ACCOUNT_FIELDS) }
}

type Base = { infoType: string; createTimeSeconds: number | undefined; data: XmlTree }

/** An event that the gateway acts on; undefined for other kinds, and when a needed field is missing. */
function understood(base: Base): ComponentEvent | undefined {
  const { data } = base
  const kind = base.infoType.toLowerCase()
  switch (kind) {
    case 'component_verify_ticket': {
      const ticket = textField(data, 'ComponentVerifyTicket')
      if (!isUsable(ticket) || CONTROL.test(ticket)) return { ...base, kind: 'unusable_ticket' }
      return { ...base, kind, ticket: new Secret(ticket) }
    }
    case 'authorized':
    case 'updateauthorized': {
      const authorizerAppId = accountIn(data, AUTHORIZER_FIELD)
      const code = textField(data, 'AuthorizationCode')
      if (authorizerAppId === undefined || !isUsable(code)) return undefined
      const preAuthCode = textField(data, 'PreAuthCode')
      return {
        ...base,
        kind,
        authorizerAppId,
        authorizationCode: new Secret(code),
        authorizationCodeExpiresAtSeconds: codeExpiry(data, base.createTimeSeconds),
        preAuthCode: isUsable(preAuthCode) ? new Secret(preAuthCode) : undefined,
      }
    }
    case 'unauthorized': {
      const authorizerAppId = accountIn(data, AUTHORIZER_FIELD)
      return authorizerAppId && { ...base, kind, authorizerAppId }
    }
    default:
      return undefined
  }
}

function accountIn(data: XmlTree, names: readonly string[]): AuthorizerAppId | undefined {
  return names.map((name) => parseAuthorizerAppId(wordField(data, name))).find((id) => id !== undefined)
}

function isUsable(secret: string | undefined): secret is string {
  return secret !== undefined && secret.trim() !== '' && secret.length <= MAX_SECRET_CHARACTERS
}

/** Real pushes carry an absolute second (CreateTime + 3600); the documentation says "expiry in seconds". */
function codeExpiry(data: XmlTree, createTimeSeconds: number | undefined): number | undefined {
  const written = wordField(data, 'AuthorizationCodeExpiredTime')
  if (written === undefined || !/^[0-9]{1,10}$/.test(written)) return undefined
  const seconds = Number(written)
  if (seconds >= FIRST_ABSOLUTE_SECOND) return seconds
  return createTimeSeconds === undefined ? undefined : createTimeSeconds + seconds
}
