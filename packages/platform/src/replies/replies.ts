// Owns: passive replies of one platform: a push waits for one (`expect`), a consumer hands one in (`offer`). A reply
// that finds no push waiting is a late reply.
import type { GatewayEvent, Reply } from '@wxgw/contracts'
import type { EventLog, OfferOutcome, ReplyMailbox, ReplyWait, Subscriptions } from '@wxgw/redis'
import type { AwaitedOutcome } from '../platform-metrics.ts'
import { createGivenEvents, type GivenEvents } from './given-events.ts'
import { createLateReplies, type LateRepliesDeps } from './late-replies.ts'
import { mayAnswer, parseReply, parseReplyTo } from './reply-to-event.ts'
import { replyingSubscription } from './replying-subscription.ts'

/** `sent`: too late for the push, so it went by customer service message. `unknown`: there is no such event. */
export type ReplyOutcome = Exclude<OfferOutcome, 'no-user'> | 'invalid' | 'sent'

/** `none`: the consumer declined to reply. */
type ExpectedReply = { reply: Reply } | { missing: 'none in time' | 'none' | 'invalid' }

export type Replies = {
  /** Resolves at the deadline at the latest. Never rejects. Call it before the event is queued. */
  expect(event: GatewayEvent, wait: Omit<ReplyWait, 'event'> & { deadlineAtMs: number }): Promise<ExpectedReply>
  /**
   * A consumer's reply, or null when the consumer declines: the push then stops waiting. `known`: the event, and the
   * subscription that the reply comes `from`. A reply from another subscription than the push waits for is `not-asked`,
   * valid or not. Rejects as CustomerService.send when the fallback fails.
   */
  offer(eventId: string, reply: unknown, known?: { event?: GatewayEvent; from?: string }): Promise<ReplyOutcome>
  /**
   * The subscription will not reply in time: the push is answered at once, and a later reply is a late one. Rejects
   * with STORE_UNAVAILABLE.
   */
  endWait(eventId: string, subscription: string): Promise<void>
  givenEvent: GivenEvents['find']
}

type RepliesDeps = Omit<LateRepliesDeps, 'given'> & {
  mailbox: Pick<ReplyMailbox, 'expect' | 'offer' | 'endWait' | 'waitOf'>
  events: Pick<EventLog, 'get'>
  subscriptions: Pick<Subscriptions, 'all'>
  onOffered(outcome: ReplyOutcome): void
  onAwaited(subscription: string, outcome: AwaitedOutcome): void
}

export function createReplies(deps: RepliesDeps): Replies {
  const { mailbox, events, subscriptions } = deps
  const given = createGivenEvents(deps)
  const late = createLateReplies({ ...deps, given })

  async function expect(
    event: GatewayEvent,
    { deadlineAtMs, ...wait }: Parameters<Replies['expect']>[1],
  ): Promise<ExpectedReply> {
    const offered = await mailbox.expect(event.id, deadlineAtMs, { ...wait, event })
    const answer = judge(event, offered)
    const { missing = 'in_time' } = 'missing' in answer ? answer : {}
    deps.onAwaited(wait.subscription, missing === 'none in time' ? 'late' : missing)
    return answer
  }

  async function offer(
    eventId: string,
    offered: unknown,
    known: { event?: GatewayEvent; from?: string } = {},
  ): Promise<ReplyOutcome> {
    const { from } = known
    // Checked even while the push waits: the name may belong to a newer subscription.
    if (from !== undefined && !(await given.find(eventId, from))) return 'not-asked'
    if (offered === null) return orInvalid(await mailbox.offer(eventId, null, { from }))

    const reply = parseReply(offered)
    if (reply === undefined) return (await isForAnother(eventId, from)) ? 'not-asked' : 'invalid'
    if ('raw' in reply) {
      const event = known.event ?? (await recordedEvent(eventId, from))
      if (event === undefined) return 'unknown'
      if (!mayAnswer(event, reply)) return (await isForAnother(eventId, from)) ? 'not-asked' : 'invalid'
    }

    const outcome = orInvalid(await mailbox.offer(eventId, reply, { from, needsUser: !('raw' in reply) }))
    if (outcome !== 'unknown' && outcome !== 'too-late') return outcome
    const event = known.event ?? (await recordedEvent(eventId, from))
    const wait = (await mailbox.waitOf(eventId)) ?? (event && (await waitNow(event)))
    if (wait === undefined) return event === undefined ? 'unknown' : 'too-late'
    if (from !== undefined && from !== wait.subscription) return 'not-asked'
    return late.send(eventId, wait, reply)
  }

  async function recordedEvent(eventId: string, from: string | undefined): Promise<GatewayEvent | undefined> {
    if (from !== undefined) return (await given.find(eventId, from))?.event
    return (await events.get(eventId))?.event ?? (await mailbox.waitOf(eventId))?.event
  }

  /** Known while the push waits, and for some minutes after. */
  async function isForAnother(eventId: string, from: string | undefined): Promise<boolean> {
    if (from === undefined) return false
    const wait = await mailbox.waitOf(eventId)
    return wait === undefined || wait.subscription !== from
  }

  /** The wait of an older event has expired: build the one that its push would have now. */
  async function waitNow(event: GatewayEvent): Promise<ReplyWait | undefined> {
    const replying = replyingSubscription(await subscriptions.all(), event)
    const { authorizerappid, subject } = event
    if (!replying || authorizerappid === undefined || subject === undefined) return undefined
    // The subscription's own creation, so that it counts as given the event.
    const { name: subscription, createdAtMs: receivedAtMs } = replying
    return { subscription, authorizerAppId: authorizerappid, openId: subject, receivedAtMs }
  }

  return {
    expect,
    async offer(eventId, reply, known) {
      const outcome = await offer(eventId, reply, known)
      deps.onOffered(outcome)
      return outcome
    },
    endWait: mailbox.endWait,
    givenEvent: given.find,
  }
}

function judge(event: GatewayEvent, offered: unknown): ExpectedReply {
  if (offered === undefined) return { missing: 'none in time' }
  if (offered === null) return { missing: 'none' }
  const reply = parseReplyTo(event, offered)
  return reply === undefined ? { missing: 'invalid' } : { reply }
}

/** A reply without a user to send it to is invalid. */
function orInvalid(outcome: OfferOutcome): Exclude<OfferOutcome, 'no-user'> | 'invalid' {
  return outcome === 'no-user' ? 'invalid' : outcome
}
