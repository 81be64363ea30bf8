// Owns: a passive reply as a consumer writes it: WeChat's XML as JSON.
import { Type, type Static } from 'typebox'
import { compileTypePatterns, matchesType } from './type-patterns.ts'

const text = Type.String({ maxLength: 2048 })
const id = Type.String({ minLength: 1, maxLength: 2048 })
/** Far above what any of those events asks for. */
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
  // For the few events that want an answer of their own form: one XML document with the root `xml`, sealed as it is.
  Type.Object({ raw: Type.String({ minLength: 1, maxLength: MAX_RAW_LENGTH, pattern: '^<xml[\\s>]' }) }, closed),
])
export type Reply = Static<typeof ReplySchema>

/**
 * The types of event that want an answer of their own form, as docs/events.md lists them. For all others a document is
 * no reply: whoever writes the whole of it could write to anybody.
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

/** May an event of this type be answered with a document (`raw`)? */
export function takesDocument(type: string): boolean {
  return matchesType(documentReplyTypes, type.toLowerCase())
}
