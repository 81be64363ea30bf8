// Owns: the parts of paths and the paging that several resources share.
import { Type } from 'typebox'
import { CURSOR_CHARACTERS } from '../paging/cursors.ts'

export const PREFIX = '/apis/v1/wx/:platform'

const platform = Type.String({ description: 'id of a configured platform, `open1` by default' })

export const PlatformParams = Type.Object({ platform })
/** The pattern of appids stands in wechat-core's parser, which the routes call. */
export const AuthorizerParams = Type.Object({
  platform,
  APPID: Type.String({ description: 'appid of the authorizer, `wx` and 16 characters' }),
})

export const pageQuery = {
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9]|[1-9][0-9]|[1-4][0-9]{2}|500)$', description: '1 to 500, default 100' }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]*$',
      minLength: CURSOR_CHARACTERS,
      maxLength: CURSOR_CHARACTERS,
      description: '`nextCursor` of the page before, of the same list with the same filter, by the same caller',
    }),
  ),
}
/** For routes that show events. */
export const contentQuery = {
  content: Type.Optional(
    Type.Union([Type.Literal('true'), Type.Literal('false')], {
      description:
        '`false` leaves out `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, as without `events:content`',
    }),
  ),
}
export const nextCursor = Type.Union([Type.String({ maxLength: CURSOR_CHARACTERS }), Type.Null()], {
  description: 'where the next page begins; null on the last one. A page may be short, or empty, and not be the last',
})
