// Owns: a passive reply as a consumer writes it: WeChat's XML as JSON; and which events take an XML document instead.
import { Type, type Static } from 'typebox'
import { compileTypePatterns, matchesType } from './type-patterns.ts'

const text = Type.String({ maxLength: 2048 })
const id = Type.String({ minLength: 1, maxLength: 2048 })
/** Far above the size of any reply to these events. */
const MAX_RAW_LENGTH = 16_384
const closed = { additionalProperties: false }

export const ReplySchema = Type.Union([
  Type.Object({ MsgType: Type.Literal('text'), Content: Type.String({ minLength: 1, maxLength: 4096 }) }, closed),
  Type.Object({ MsgType: Type.Literal('image'), Image: Type.Object({ MediaId: id }, closed) }, closed),
  Type.Object({ MsgType: Type.Literal('voice'), Voice: Type.Object({ MediaId: id }, closed) }, closed),
  Type.Object(
    {
      MsgType: Type.Literal('video'),
      Video: Type.Object({ MediaId: id, Title: Type.Optional(text), Description: Type.Optional(text) }, closed),
    },
    closed,
  ),
  Type.Object(
    {
      MsgType: Type.Literal('music'),
      Music: Type.Object(
        {
          Title: Type.Optional(text),
          Description: Type.Optional(text),
          MusicUrl: Type.Optional(text),
          HQMusicUrl: Type.Optional(text),
          ThumbMediaId: id,
        },
        closed,
      ),
    },
    closed,
  ),
  Type.Object(
    {
      MsgType: Type.Literal('news'),
      Articles: Type.Array(
        Type.Object({ Title: text, Description: Type.Optional(text), PicUrl: Type.Optional(text), Url: text }, closed),
        { minItems: 1, maxItems: 8 },
      ),
    },
    closed,
  ),
  Type.Object(
    {
      MsgType: Type.Literal('transfer_customer_service'),
      TransInfo: Type.Optional(Type.Object({ KfAccount: id }, closed)),
    },
    closed,
  ),
  // For the few events with an answer format of their own: one XML document with the root `xml`, sealed unchanged.
  Type.Object({ raw: Type.String({ minLength: 1, maxLength: MAX_RAW_LENGTH, pattern: '^<xml[\\s>]' }) }, closed),
])
export type Reply = Static<typeof ReplySchema>

/**
 * The event types with an answer format of their own; docs/events.md lists them. All others take no document: its
 * author could address the reply to any user.
 */
export const DOCUMENT_REPLY_TYPES: readonly string[] = [
  'wechat.event.xpay_*',
  'wechat.event.minigame_*',
  'wechat.event.transport_*',
  ...[
    ...['add_waybill', 'cancel_waybill', 'check_biz', 'get_quota'],
    ...['add_single_waybill', 'cancel_single_waybill', 'query_single_waybill', 'query_single_waybill_fee'],
    ...['notify_single_waybill_pay', 'query_single_waybill_pay', 'remind_waybill', 'waybill_complaint'],
    ...['waybill_evaluate_agent', 'waybill_query_expect_time_range'],
    ...['get_pre_auth_code', 'get_auth_info', 'cancel_auth_account'],
  ].map((event) => `wechat.event.${event}`),
]
const documentReplyTypes = compileTypePatterns(DOCUMENT_REPLY_TYPES)

/** Whether an event of this type takes a document (`raw`) as reply. */
export function takesDocument(type: string): boolean {
  return matchesType(documentReplyTypes, type.toLowerCase())
}
