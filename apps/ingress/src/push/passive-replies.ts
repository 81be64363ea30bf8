// Owns: holding a push open for the one subscription that may answer its user, until the deadline. The reply mailbox (packages/redis) carries the reply.
import { compileMatcher, type Subscription } from '@wxgw/contracts'
import { mayAnswer, parseReply } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { buildReplyXml, type Clock, type ReplyAddress, sealReply } from '@wxgw/wechat-core'
import type { PassiveAnswer, PassiveReplies } from './passive-answers.ts'

export type PassiveRepliesDeps = {
  clock: Clock
  /** From the arrival of the push. */
  deadlineMs: number
  log: Log
}

type Parties = Omit<ReplyAddress, 'createTimeSeconds'>
type Push = Parameters<PassiveReplies['answer']>[0]

/** The first matching subscription by name that wants to reply; a retry of a push that still waits gets the same answer. */
export function createPassiveReplies({ clock, deadlineMs, log }: PassiveRepliesDeps): PassiveReplies {
  /** Every push asks: mostly it is known, without a question to Redis or a look at each subscription, that none replies. */
  const mayReply = ({ platform }: Push) => {
    const subscriptions = platform.subscriptions.known()
    return subscriptions === undefined || hasReplying(subscriptions)
  }

  async function ask(push: Push): Promise<PassiveAnswer> {
    const { platform, appId, opened, event, receivedAtMs, within, enqueue } = push
    const subscriptions = await within(() => platform.subscriptions.all())
    const replying = compileMatcher(subscriptions)(event).find(({ reply, paused }) => reply && !paused)
    if (replying === undefined) return undefined

    const address = await addressOf(push)
    const deadlineAtMs = receivedAtMs + deadlineMs
    // Before the event is queued: a consumer may be faster than the rest of this function.
    const openId = address?.toUserName ?? ''
    const asked = { subscription: replying.name, authorizerAppId: appId, openId, receivedAtMs, event }
    const waiting = platform.replies.expect(event.id, deadlineAtMs, asked)
    await enqueue({ subscription: replying.name, deadlineAtMs })
    const offered = await waiting
    const logged = { platform: platform.id, eventId: event.id, subscription: replying.name }
    const reply = parseReply(offered)
    if (reply === undefined || !mayAnswer(event, reply)) {
      const outcome = offered === undefined ? 'none in time' : offered === null ? 'none' : 'invalid'
      log.info({ ...logged, outcome }, 'reply.awaited')
      return undefined
    }
    const nowSeconds = Math.floor(clock.nowMs() / 1000)
    const plaintext = 'raw' in reply ? reply.raw : address && buildReplyXml(reply, { ...address, createTimeSeconds: nowSeconds })
    if (plaintext === undefined) {
      log.warn({ ...logged, outcome: 'no address' }, 'reply.awaited')
      return undefined
    }
    log.debug({ ...logged, outcome: 'answered', durationMs: clock.nowMs() - receivedAtMs }, 'reply.awaited')
    return sealReply({
      credentials: opened.credentials,
      componentAppId: platform.componentAppId,
      plaintext,
      timestampSeconds: nowSeconds,
      nonce: opened.nonce,
    })
  }

  /** Nearly every push names both parties. undefined: one of them is not known, so only a reply of kind `raw` can answer it. */
  async function addressOf({ platform, appId, message, within }: Push): Promise<Parties | undefined> {
    const { fromUserName: toUserName, toUserName: named } = message
    if (toUserName === '') return undefined
    if (named !== '') return { toUserName, fromUserName: named }
    const account = await within(() => platform.authorizers.get(appId))
    const fromUserName = account?.profile?.user_name
    return fromUserName ? { toUserName, fromUserName } : undefined
  }

  return { answer: (push) => (mayReply(push) ? ask(push) : undefined) }
}

const known = new WeakMap<readonly Subscription[], boolean>()

function hasReplying(subscriptions: readonly Subscription[]): boolean {
  const has = known.get(subscriptions) ?? subscriptions.some(({ reply, paused }) => reply && !paused)
  known.set(subscriptions, has)
  return has
}
