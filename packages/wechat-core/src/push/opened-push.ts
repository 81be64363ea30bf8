// Owns: the types of a push at each step of opening and parsing it.
import type { AuthorizerAppId, ComponentAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import type { XmlTree } from '../xml/tree.ts'
import type { XmlRefusal } from '../xml/xml-refused.ts'

/** One accepted pair of Token and EncodingAESKey. */
export type PushCredentials = { token: Secret; aesKey: Buffer }

/** The credentials of one platform's pushes: the current ones first, then the previous ones during a rotation. */
export type PushKeys = {
  componentAppId: ComponentAppId
  tokens: readonly Secret[]
  aesKeys: readonly Buffer[]
}

/** Query parameters of a push, unparsed. Repeated parameters must have been refused before. */
export type PushQuery = {
  timestamp?: string | undefined
  nonce?: string | undefined
  msg_signature?: string | undefined
  /** Signs the query alone. A push in plain mode has only this one. */
  signature?: string | undefined
  encrypt_type?: string | undefined
}

/** A push that is proven to come from WeChat for this component. */
export type OpenedPush = {
  /** The decrypted XML, exactly as WeChat wrote it. Bytes that are no UTF-8 stand as U+FFFD. */
  plaintext: string
  /** The same as WeChat sent it: textOfUtf8 makes `plaintext` of it. */
  plaintextBytes: Buffer
  timestamp: string
  nonce: string
  /** The credentials that opened it: a passive reply is sealed with the same. */
  credentials: PushCredentials
}

/** Why a document is no event. A fixed list: consumers and operators may build on it. */
type UnparsedReason = XmlRefusal | 'no-msg-type' | 'no-event' | 'no-info-type'

/** `createTimeSeconds` is undefined when CreateTime is missing or cannot be read. */
type ComponentEventBase = { infoType: string; createTimeSeconds: number | undefined; data: XmlTree }

/** A decrypted push to the component's event URL (授权事件接收URL). `data` is the whole document. */
export type ComponentEvent =
  | (ComponentEventBase & { kind: 'component_verify_ticket'; ticket: Secret })
  | (ComponentEventBase & {
      kind: 'authorized' | 'updateauthorized'
      authorizerAppId: AuthorizerAppId
      authorizationCode: Secret
      /** Absolute unix second; undefined when WeChat sent none. */
      authorizationCodeExpiresAtSeconds: number | undefined
      preAuthCode: Secret | undefined
    })
  | (ComponentEventBase & { kind: 'unauthorized'; authorizerAppId: AuthorizerAppId })
  /** A ticket's event without a ticket that could be one. Never dispatched. */
  | (ComponentEventBase & { kind: 'unusable_ticket' })
  /**
   * Any other event, also of kinds to come. `authorizerAppId` from AuthorizerAppid, authorizer_appid, verify_appid
   * or appid, when there is one.
   */
  | (ComponentEventBase & { kind: 'other'; authorizerAppId: AuthorizerAppId | undefined })
  /** Authentic, but no event: not XML, a DOCTYPE, no InfoType. */
  | { kind: 'unparsed'; raw: string; reason: UnparsedReason }

/** A decrypted push to an authorizer's callback URL (消息与事件接收URL). `data` is the whole document. */
export type AuthorizerMessage =
  | {
      kind: 'message'
      /** '' when there is none. */
      toUserName: string
      /** '' when there is none. */
      fromUserName: string
      /** undefined when CreateTime is missing or cannot be read. */
      createTimeSeconds: number | undefined
      /** As WeChat wrote it: `text`, `event`, … */
      msgType: string
      /** As WeChat wrote it (casing is not uniform), when `msgType` is `event`. */
      event: string | undefined
      data: XmlTree
    }
  | { kind: 'unparsed'; raw: string; reason: UnparsedReason }
