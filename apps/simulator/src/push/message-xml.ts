// Owns: the plaintext of an authorizer's messages and events, formatted as real pushes are.
import { element, elements, rootOf } from '../xml/write-xml.ts'

export type MessageHead = { toUserName: string; openId: string; createTimeSeconds: number }

/** Strings are written in CDATA, numbers without. */
export type MessageFields = Readonly<Record<string, string | number>>

/** The common elements, `MsgType`, then the fields in order. */
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

/** Appends `innerXml`, unchanged, after the last element. */
export function withInnerXml(document: string, innerXml: string): string {
  return document.replace(/<\/xml>$/, () => `${innerXml}</xml>`)
}

/** The text of the first element with this name, for logs and for the `openid` of the query. */
export function firstElement(xml: string, name: string): string | undefined {
  const match = new RegExp(`<${name}>\\s*(?:<!\\[CDATA\\[(.*?)\\]\\]>|([^<]*?))\\s*</${name}>`, 's').exec(xml)
  return match?.[1] ?? match?.[2]
}
