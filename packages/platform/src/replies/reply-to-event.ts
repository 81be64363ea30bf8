// Owns: validating a consumer's reply to an event. The one validator of replies; the schema of the route POST /replies
// only documents the same forms.
import { type GatewayEvent, parserOf, type Reply, ReplySchema, takesDocument } from '@wxgw/contracts'
import { isReplyDocument } from '@wxgw/wechat-core'

type Answered = Pick<GatewayEvent, 'type' | 'data'>

/** A reply in one of WeChat's forms; undefined for everything else. Does not check the event. */
export const parseReply = parserOf(ReplySchema)

/** undefined: not a valid reply to this event. */
export function parseReplyTo(event: Answered, offered: unknown): Reply | undefined {
  const reply = parseReply(offered)
  return reply !== undefined && mayAnswer(event, reply) ? reply : undefined
}

/**
 * A raw document is valid only for an event that takes one, and must address nobody but the two parties of the push.
 */
export function mayAnswer({ type, data }: Answered, reply: Reply): boolean {
  if (!('raw' in reply)) return true
  const { FromUserName: user, ToUserName: account } = data
  const parties = { toUserName: textOf(user), fromUserName: textOf(account) }
  return takesDocument(type) && isReplyDocument(reply.raw, parties)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
