// Owns: parsing a push to an authorizer's callback URL (消息与事件接收URL).
import { createTimeField, wordField } from './fields.ts'
import type { AuthorizerMessage } from './opened-push.ts'
import { parsePushDocument } from './push-document.ts'

/**
 * Reads a decrypted message or event. Without a MsgType (for an event: without an Event), or when it is not XML, it is
 * `unparsed`, not an error: it is authentic. All other fields may be missing: `toUserName` and `fromUserName` are then
 * '', `createTimeSeconds` is undefined.
 * @see https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
 */
export function parseAuthorizerMessage(plaintext: string, receivedAtMs: number): AuthorizerMessage {
  const document = parsePushDocument(plaintext)
  if ('reason' in document) return { kind: 'unparsed', raw: plaintext, reason: document.reason }
  const { data } = document
  const msgType = wordField(data, 'MsgType')
  if (msgType === undefined) return { kind: 'unparsed', raw: plaintext, reason: 'no-msg-type' }
  const isEvent = msgType.toLowerCase() === 'event'
  const event = isEvent ? wordField(data, 'Event') : undefined
  if (isEvent && event === undefined) return { kind: 'unparsed', raw: plaintext, reason: 'no-event' }
  return {
    kind: 'message',
    toUserName: wordField(data, 'ToUserName') ?? '',
    fromUserName: wordField(data, 'FromUserName') ?? '',
    createTimeSeconds: createTimeField(data, receivedAtMs),
    msgType,
    event,
    data,
  }
}
