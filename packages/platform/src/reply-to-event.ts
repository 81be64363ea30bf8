// Owns: whether something that a consumer offered is a reply that may answer this event.
import { type GatewayEvent, parserOf, type Reply, ReplySchema, takesDocument } from '@wxgw/contracts'
import { isReplyDocument } from '@wxgw/wechat-core'

/** One of the forms that WeChat takes, whatever the event is; undefined for everything else. */
export const parseReply = parserOf(ReplySchema)

/** A document is one only for an event that wants it, and when it names nobody but the two parties of the push. */
export function mayAnswer({ type, data }: Pick<GatewayEvent, 'type' | 'data'>, reply: Reply): boolean {
  if (!('raw' in reply)) return true
  const { FromUserName: user, ToUserName: account } = data
  const parties = { toUserName: typeof user === 'string' ? user : '', fromUserName: typeof account === 'string' ? account : '' }
  return takesDocument(type) && isReplyDocument(reply.raw, parties)
}
