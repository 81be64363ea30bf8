// Owns: what becomes of a passive reply that a consumer hands in: the push that waits for it, or the customer service message after.
import { compileMatcher, type GatewayEvent, parserOf, ReplySchema } from '@wxgw/contracts'
import { customMessage, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { CustomerService, EventLog, Replies, ReplyOffers, ReplyOutcome, Subscriptions } from './types.ts'

export type ReplyOffersDeps = {
  replies: Pick<Replies, 'offer'>
  events: Pick<EventLog, 'get'>
  subscriptions: Pick<Subscriptions, 'all'>
  customerService: CustomerService
  /** True once per event, over all processes. */
  mayFallBack(eventId: string): Promise<boolean>
  /** The message was not sent after all: another may try. */
  releaseFallBack(eventId: string): Promise<void>
}

const parseReply = parserOf(ReplySchema)

export function createReplyOffers(deps: ReplyOffersDeps): ReplyOffers {
  const { replies, events, subscriptions } = deps

  async function offer(eventId: string, offered: unknown, known?: GatewayEvent): Promise<ReplyOutcome> {
    const reply = parseReply(offered)
    if (reply === undefined) return 'invalid'
    const outcome = await replies.offer(eventId, reply)
    if (outcome === 'accepted' || outcome === 'already-answered') return outcome
    const event = known ?? (await events.get(eventId))?.event
    if (event === undefined) return 'unknown'
    if (!(await wantsFallback(event))) return 'too-late'
    return sendByCustomerService(event, reply)
  }

  async function wantsFallback(event: GatewayEvent): Promise<boolean> {
    const replying = compileMatcher(await subscriptions.all())(event).find(({ reply }) => reply)
    return replying?.fallback === 'customer-service'
  }

  async function sendByCustomerService(event: GatewayEvent, reply: NonNullable<ReturnType<typeof parseReply>>): Promise<ReplyOutcome> {
    const appId = parseAuthorizerAppId(event.authorizerappid)
    const message = event.subject === undefined ? undefined : customMessage(reply, event.subject)
    if (!appId || !message) return 'too-late'
    if (!(await deps.mayFallBack(event.id))) return 'already-answered'
    try {
      await deps.customerService.send(appId, message)
    } catch (error) {
      // When it is unknown whether WeChat has sent it, the user would rather miss it than get it twice.
      if (error instanceof GatewayError && error.code !== 'WECHAT_API_TIMEOUT') await deps.releaseFallBack(event.id)
      throw error
    }
    return 'sent'
  }

  return { offer }
}
