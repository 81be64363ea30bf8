// Owns: a passive reply as a consumer writes it: WeChat's XML as JSON.
import { Type, type Static } from 'typebox'

const text = Type.String({ maxLength: 2048 })
const closed = { additionalProperties: false }

export const ReplySchema = Type.Union([
  Type.Object({ MsgType: Type.Literal('text'), Content: Type.String({ minLength: 1, maxLength: 4096 }) }, closed),
  Type.Object({ MsgType: Type.Literal('image'), Image: Type.Object({ MediaId: text }, closed) }, closed),
  Type.Object({ MsgType: Type.Literal('voice'), Voice: Type.Object({ MediaId: text }, closed) }, closed),
  Type.Object(
    {
      MsgType: Type.Literal('video'),
      Video: Type.Object({ MediaId: text, Title: Type.Optional(text), Description: Type.Optional(text) }, closed),
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
          ThumbMediaId: text,
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
      TransInfo: Type.Optional(Type.Object({ KfAccount: text }, closed)),
    },
    closed,
  ),
])
export type Reply = Static<typeof ReplySchema>
