// Owns: the XML of a passive reply (被动回复). seal-reply.ts encrypts it; the schema in packages/contracts validates it.
import { buildXml, type XmlSource } from '../xml/build-xml.ts'
import { parseXml } from '../xml/parse-xml.ts'
import type { XmlValue } from '../xml/tree.ts'
import { XmlRefusedError } from '../xml/xml-refused.ts'

/** WeChat's XML as JSON, without what the gateway fills in. */
export type PassiveReply =
  | { MsgType: 'text'; Content: string }
  | { MsgType: 'image'; Image: { MediaId: string } }
  | { MsgType: 'voice'; Voice: { MediaId: string } }
  | { MsgType: 'video'; Video: { MediaId: string; Title?: string; Description?: string } }
  | {
      MsgType: 'music'
      Music: { Title?: string; Description?: string; MusicUrl?: string; HQMusicUrl?: string; ThumbMediaId: string }
    }
  | { MsgType: 'news'; Articles: Array<{ Title: string; Description?: string; PicUrl?: string; Url: string }> }
  | { MsgType: 'transfer_customer_service'; TransInfo?: { KfAccount: string } }
  /** A whole document, as the consumer wrote it: for events that want an answer of their own form. */
  | { raw: string }

export type ReplyAddress = {
  /** Who gets it: the FromUserName of the push. */
  toUserName: string
  /** Who answers: the ToUserName of the push. */
  fromUserName: string
  createTimeSeconds: number
}

/** @see https://developers.weixin.qq.com/doc/service/en/guide/product/message/Passive_user_reply_message.html */
export function buildReplyXml(
  reply: PassiveReply,
  { toUserName, fromUserName, createTimeSeconds }: ReplyAddress,
): string {
  if ('raw' in reply) return reply.raw
  return buildXml({
    ToUserName: toUserName,
    FromUserName: fromUserName,
    CreateTime: createTimeSeconds,
    MsgType: reply.MsgType,
    ...contentOf(reply),
  })
}

/**
 * Whether `xml` is one well-formed document with the root `xml`, without DOCTYPE, that names nobody but these two ('' =
 * nobody).
 */
export function isReplyDocument(
  text: string,
  { toUserName, fromUserName }: Omit<ReplyAddress, 'createTimeSeconds'>,
): boolean {
  const allowed = new Map([
    ['tousername', toUserName],
    ['fromusername', fromUserName],
  ])
  try {
    return namesOnly(allowed, parseXml(text, { root: 'xml' }))
  } catch (error) {
    if (error instanceof XmlRefusedError) return false
    throw error
  }
}

/** At any depth, in any case and with any prefix: how WeChat reads such a document is not documented. */
function namesOnly(allowed: ReadonlyMap<string, string>, value: XmlValue): boolean {
  if (typeof value === 'string') return true
  if (Array.isArray(value)) return value.every((one) => namesOnly(allowed, one))
  return Object.entries(value).every(([name, inner]) => {
    const party = allowed.get(name.toLowerCase().replace(/^.*:/, ''))
    return party === undefined ? namesOnly(allowed, inner) : party !== '' && inner === party
  })
}

function contentOf(reply: Exclude<PassiveReply, { raw: string }>): XmlSource {
  switch (reply.MsgType) {
    case 'text':
      return { Content: reply.Content }
    case 'image':
      return { Image: reply.Image }
    case 'voice':
      return { Voice: reply.Voice }
    case 'video':
      return { Video: reply.Video }
    case 'music':
      return { Music: reply.Music }
    case 'news':
      return { ArticleCount: reply.Articles.length, Articles: { item: reply.Articles } }
    case 'transfer_customer_service':
      return { TransInfo: reply.TransInfo }
    default:
      return reply satisfies never
  }
}
