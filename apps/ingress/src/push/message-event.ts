// Owns: from an authorizer's message to the event that consumers receive.
import { authorizerEvent, eventType, UNPARSED_EVENT_TYPE, type GatewayEvent } from '@wxgw/contracts'
import {
  eventId,
  textWithoutSecrets,
  withoutComponentSecrets,
  type AuthorizerAppId,
  type AuthorizerMessage,
} from '@wxgw/wechat-core'

type Source = { platform: string; appId: AuthorizerAppId; receivedAtMs: number }

/** The id comes from the content: the same for every retry of a push, whatever its envelope. */
export function messageEvent(message: AuthorizerMessage, { platform, appId, receivedAtMs }: Source): GatewayEvent {
  // Written out, not spread: spreading costs a push as much as its parsing.
  if (message.kind === 'unparsed') {
    const id = eventId({ platform, appId, kind: 'authorizer', content: message.raw })
    // A component's event that was sent to the wrong URL, by mistake or by malice, is authentic here too: with its
    // ticket or code.
    const raw = textWithoutSecrets(message.raw)
    const data = raw === undefined ? { raw: '', rawLength: message.raw.length, reason: message.reason } : { raw }
    return authorizerEvent({
      platform,
      authorizerAppId: appId,
      id,
      type: UNPARSED_EVENT_TYPE,
      timeMs: receivedAtMs,
      data,
    })
  }
  return authorizerEvent({
    platform,
    authorizerAppId: appId,
    id: eventId({ platform, appId, kind: 'authorizer', content: message.data }),
    type: typeOf(message),
    subject: message.fromUserName,
    timeMs: message.createTimeSeconds === undefined ? receivedAtMs : message.createTimeSeconds * 1000,
    data: withoutComponentSecrets(message.data),
  })
}

function typeOf({ msgType, event }: Extract<AuthorizerMessage, { kind: 'message' }>): string {
  return event === undefined ? eventType('wechat.message', msgType) : eventType('wechat.event', event)
}
