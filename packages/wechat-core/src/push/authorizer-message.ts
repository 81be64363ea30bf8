// Owns: what a push to an authorizer's callback URL (消息与事件接收URL) says.
import { parseXml } from '../xml/parse-xml.ts'
import type { XmlTree } from '../xml/tree.ts'
import { XmlRefusedError } from '../xml/xml-refused.ts'
import { createTimeField, textField, wordField } from './fields.ts'
import type { AuthorizerMessage } from './types.ts'

/**
 * Reads a decrypted message or event. What cannot be understood is `unparsed`, never an error: it is authentic.
 * `FromUserName` may be missing or empty; it is '' then.
 * @see https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
 */
export function parseAuthorizerMessage(plaintext: string): AuthorizerMessage {
  let data: XmlTree
  try {
    data = parseXml(plaintext, { root: 'xml' })
  } catch (error) {
    if (error instanceof XmlRefusedError) return { kind: 'unparsed', raw: plaintext, reason: error.reason }
    throw error
  }
  const message = readMessage(data)
  return typeof message === 'string' ? { kind: 'unparsed', raw: plaintext, reason: message } : message
}

/** The message, or in words why it is none. */
function readMessage(data: XmlTree): AuthorizerMessage | string {
  const toUserName = wordField(data, 'ToUserName')
  if (toUserName === undefined) return 'no ToUserName'
  const fromUserName = Object.hasOwn(data, 'FromUserName') ? textField(data, 'FromUserName')?.trim() : ''
  if (fromUserName === undefined) return 'no usable FromUserName'
  const createTimeSeconds = createTimeField(data)
  if (createTimeSeconds === undefined) return 'no CreateTime'
  const msgType = wordField(data, 'MsgType')
  if (msgType === undefined) return 'no MsgType'
  const isEvent = msgType.toLowerCase() === 'event'
  const event = isEvent ? wordField(data, 'Event') : undefined
  if (isEvent && event === undefined) return 'no Event'
  return { kind: 'message', toUserName, fromUserName, createTimeSeconds, msgType, event, data }
}
