// Owns: what becomes of a passive reply that a consumer hands in: the push that waits for it, or the customer service message after.
import { compileMatcher, type GatewayEvent, type Reply, type Subscription } from '@wxgw/contracts'
import type { AskedReply, EventLog, OfferOutcome, Subscriptions } from '@wxgw/redis'
import { customMessage, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'
import { mayAnswer, parseReply } from './reply-to-event.ts'
import type { CustomerService, GivenEvent, Replies, ReplyOffers, ReplyOutcome } from './platform.ts'

export type ReplyOffersDeps = {
  replies: Pick<Replies, 'offer' | 'asked'>
  events: Pick<EventLog, 'get'>
  subscriptions: Pick<Subscriptions, 'all'>
  customerService: CustomerService
  /** True once per event, over all processes. */
  mayFallBack(eventId: string): Promise<boolean>
  /** The message was not sent after all: another may try. */
  releaseFallBack(eventId: string): Promise<void>
}

type Received = { authorizerAppId: string | undefined; receivedAtMs: number }
type Recorded = GivenEvent & Received & { subscriptions: readonly string[] }

export function createReplyOffers(deps: ReplyOffersDeps): ReplyOffers {
  const { replies, events, subscriptions } = deps

  async function offer(eventId: string, offered: unknown, known: { event?: GatewayEvent; from?: string } = {}): Promise<ReplyOutcome> {
    const { from } = known
    // Also while the push waits: whoever has the name now is not whom it waits for.
    if (from !== undefined && !(await givenEvent(eventId, from))) return 'not-asked'
    if (offered === null) return orInvalid(await replies.offer(eventId, null, { from }))
    const reply = parseReply(offered)
    if (reply === undefined) return (await isForAnother(eventId, from)) ? 'not-asked' : 'invalid'
    if ('raw' in reply) {
      const event = known.event ?? (await ownCopy(eventId, from))
      if (event === undefined) return 'unknown'
      if (!mayAnswer(event, reply)) return (await isForAnother(eventId, from)) ? 'not-asked' : 'invalid'
    }
    const outcome = orInvalid(await replies.offer(eventId, reply, { from, needsUser: !('raw' in reply) }))
    if (outcome !== 'unknown' && outcome !== 'too-late') return outcome
    const event = known.event ?? (await ownCopy(eventId, from))
    const asked = (await replies.asked(eventId)) ?? (event && (await askedNow(event)))
    if (asked === undefined) return event === undefined ? 'unknown' : 'too-late'
    if (from !== undefined && from !== asked.subscription) return 'not-asked'
    if (!(await wantsFallback(asked))) return 'too-late'
    return sendByCustomerService(eventId, asked, reply)
  }

  async function ownCopy(eventId: string, from: string | undefined): Promise<GatewayEvent | undefined> {
    if (from !== undefined) return (await givenEvent(eventId, from))?.event
    return (await events.get(eventId))?.event ?? (await replies.asked(eventId))?.event
  }

  async function givenEvent(eventId: string, name: string): Promise<GivenEvent | undefined> {
    const given = await recorded(eventId)
    if (!given?.subscriptions.includes(name)) return undefined
    return (await standing(name, given)) ? given : undefined
  }

  /** By the event log, or by the wait of a push where the log has no such event. */
  async function recorded(eventId: string): Promise<Recorded | undefined> {
    const logged = await events.get(eventId)
    if (logged) {
      return {
        event: logged.event,
        authorizerAppId: logged.authorizerappid ?? undefined,
        receivedAtMs: Date.parse(logged.receivedAt),
        subscriptions: logged.deliveries.map(({ subscription }) => subscription),
      }
    }
    const asked = await replies.asked(eventId)
    if (asked === undefined) return undefined
    const { event, authorizerAppId, receivedAtMs, subscription } = asked
    return { event, authorizerAppId, receivedAtMs, subscriptions: [subscription] }
  }

  /**
   * The subscription, when it is still the one that was given this: not a later one of the same name, which may be somebody else's,
   * nor one whose `match` leaves the account out by now.
   */
  async function standing(name: string, { authorizerAppId, receivedAtMs }: Received): Promise<Subscription | undefined> {
    const found = (await subscriptions.all(0)).find((subscription) => subscription.name === name)
    if (found === undefined || found.createdAtMs > receivedAtMs) return undefined
    const { authorizers } = found.match
    return authorizers === undefined || authorizers.some((one) => one === authorizerAppId) ? found : undefined
  }

  /** Only known while the push waits, or did a few minutes ago. */
  async function isForAnother(eventId: string, from: string | undefined): Promise<boolean> {
    if (from === undefined) return false
    const asked = await replies.asked(eventId)
    return asked === undefined || asked.subscription !== from
  }

  /** Whom a push with this event would ask now; of an older event, nothing else is known. */
  async function askedNow(event: GatewayEvent): Promise<AskedReply | undefined> {
    const replying = compileMatcher(await subscriptions.all())(event).find(({ reply, paused }) => reply && !paused)
    const { authorizerappid, subject } = event
    if (!replying || authorizerappid === undefined || subject === undefined) return undefined
    // However new it is: it is asked now.
    return { subscription: replying.name, authorizerAppId: authorizerappid, openId: subject, receivedAtMs: replying.createdAtMs }
  }

  async function wantsFallback({ subscription, ...asked }: AskedReply): Promise<boolean> {
    const replying = await standing(subscription, asked)
    return replying?.reply === true && replying.fallback === 'customer-service'
  }

  async function sendByCustomerService(eventId: string, { authorizerAppId, openId }: AskedReply, reply: Reply): Promise<ReplyOutcome> {
    const appId = parseAuthorizerAppId(authorizerAppId)
    const message = customMessage(reply, openId)
    if (!appId || !message || openId === '') return 'too-late'
    if (!(await deps.mayFallBack(eventId))) return 'already-answered'
    try {
      await deps.customerService.send(appId, message)
    } catch (error) {
      // When it is unknown whether WeChat has sent it, the user would rather miss it than get it twice.
      if (error instanceof GatewayError && error.code !== 'WECHAT_API_TIMEOUT') await deps.releaseFallBack(eventId)
      throw error
    }
    return 'sent'
  }

  return { offer, givenEvent }
}

/** A reply that cannot reach anybody is none. */
function orInvalid(outcome: OfferOutcome): Exclude<OfferOutcome, 'no-user'> | 'invalid' {
  return outcome === 'no-user' ? 'invalid' : outcome
}
