// Owns: waiting for the reply of the one subscription that replies, until the deadline, and sealing it.
// packages/platform/src/replies brings the reply here.
import { hasReplying, replyingSubscription } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { buildReplyXml, type Clock, type ReplyAddress, sealReply } from '@wxgw/wechat-core'
import type { PassiveAnswer, PassiveReplies } from './passive-answers.ts'

type PassiveRepliesDeps = {
  clock: Clock
  /** From the arrival of the push. */
  deadlineMs: number
  log: Log
}

type Parties = Omit<ReplyAddress, 'createTimeSeconds'>
type Push = Parameters<PassiveReplies['answer']>[0]

/** A retry of a push that still waits gets the same answer. */
export function createPassiveReplies({ clock, deadlineMs, log }: PassiveRepliesDeps): PassiveReplies {
  async function reply(push: Push): Promise<PassiveAnswer> {
    const { platform, appId, opened, event, receivedAtMs, within, enqueue } = push
    const subscriptions = await within(() => platform.subscriptions.all())
    if (!hasReplying(subscriptions)) return undefined
    const replying = replyingSubscription(subscriptions, event)
    if (replying === undefined) return undefined

    const address = await addressOf(push)
    const deadlineAtMs = receivedAtMs + deadlineMs
    const openId = address?.toUserName ?? ''
    const wait = { subscription: replying.name, authorizerAppId: appId, openId, receivedAtMs, deadlineAtMs }
    // Before the event is queued: a consumer may be faster than the rest of this function.
    const expected = platform.replies.expect(event, wait)
    await enqueue({ subscription: replying.name, deadlineAtMs })
    const answer = await expected
    const logged = { platform: platform.id, eventId: event.id, subscription: replying.name }
    if ('missing' in answer) {
      log.info({ ...logged, outcome: answer.missing }, 'reply.awaited')
      return undefined
    }
    const { reply } = answer
    const nowSeconds = Math.floor(clock.nowMs() / 1000)
    const written = address && { ...address, createTimeSeconds: nowSeconds }
    const plaintext = 'raw' in reply ? reply.raw : written && buildReplyXml(reply, written)
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

  /**
   * The two parties of the push, which nearly every push names. undefined: one is unknown, so only a reply of kind
   * `raw` can answer.
   */
  async function addressOf({ platform, appId, message, within }: Push): Promise<Parties | undefined> {
    const { fromUserName: toUserName, toUserName: named } = message
    if (toUserName === '') return undefined
    if (named !== '') return { toUserName, fromUserName: named }
    const account = await within(() => platform.authorizers.get(appId))
    const fromUserName = account?.profile?.user_name
    return fromUserName ? { toUserName, fromUserName } : undefined
  }

  return {
    answer(push) {
      const known = push.platform.subscriptions.known()
      return known !== undefined && !hasReplying(known) ? undefined : reply(push)
    },
  }
}
