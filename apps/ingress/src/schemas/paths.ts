// Owns: the parts of paths and the paging that several resources share.
import { Type } from 'typebox'

export const PREFIX = '/apis/v1/wx/:platform'

const platform = Type.String({ description: 'id of a configured platform, `open1` by default' })

export const PlatformParams = Type.Object({ platform })
/** The pattern of appids stands in wechat-core's parser, which the routes call. */
export const AuthorizerParams = Type.Object({
  platform,
  APPID: Type.String({ description: 'appid of the authorizer, `wx` and 16 characters' }),
})

export const MAX_LIMIT = 500
const DEFAULT_LIMIT = 100

export const pageQuery = {
  limit: Type.Optional(Type.String({ pattern: '^([1-9]|[1-9][0-9]|[1-4][0-9]{2}|500)$', description: '1 to 500, default 100' })),
  cursor: Type.Optional(Type.String({ pattern: '^[!-~]{1,512}$', description: '`nextCursor` of the page before' })),
}
export const nextCursor = Type.Union([Type.String(), Type.Null()], { description: 'null on the last page' })

export function pageOf({ limit, cursor }: { limit?: string; cursor?: string }): { limit: number; cursor: string | undefined } {
  return { limit: limit === undefined ? DEFAULT_LIMIT : Number(limit), cursor }
}
