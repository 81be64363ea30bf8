// Owns: the plaintext of messages and events of an authorizer, laid out as real pushes are.
import { element, elements, rootOf } from '../xml/write-xml.ts'

export type MessageHead = { toUserName: string; openId: string; createTimeSeconds: number }

/** A number is written bare, a string as CDATA. */
export type MessageFields = Readonly<Record<string, string | number>>

/** Common elements, `MsgType`, the fields in their order. */
export function messageXml(head: MessageHead, msgType: string, fields: MessageFields): string {
  const own = Object.entries(fields).map(([name, value]) => element(name, value))
  return rootOf(
    elements([
      ['ToUserName', head.toUserName],
      ['FromUserName', head.openId],
      ['CreateTime', head.createTimeSeconds],
    ]) + [element('MsgType', msgType), ...own].join(''),
  )
}

/** The document with `innerXml`, as it is, behind its last element. */
export function withInnerXml(document: string, innerXml: string): string {
  return document.replace(/<\/xml>$/, () => `${innerXml}</xml>`)
}

/** The first element of that name, CDATA or not; for logs and for the `openid` of the query. */
export function firstElement(xml: string, name: string): string | undefined {
  const match = new RegExp(`<${name}>\\s*(?:<!\\[CDATA\\[(.*?)\\]\\]>|([^<]*?))\\s*</${name}>`, 's').exec(xml)
  return match?.[1] ?? match?.[2]
}
