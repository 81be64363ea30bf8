// Owns: delivery to an HTTP endpoint, signed by Standard Webhooks. guarded-fetch.ts makes the call and checks the
// address.
import type { DeliveryResult } from '@wxgw/contracts'
import type { Clock, Secret } from '@wxgw/wechat-core'
import { answerText } from './answer-text.ts'
import type { GuardedAnswer, GuardedFetch } from './guarded-fetch.ts'
import { parseRetryAfter } from './retry-after.ts'
import { type SinkPort, wrongSink } from './sink.ts'
import { replyInAnswer } from './webhook-reply.ts'
import { signWebhook } from './webhook-signature.ts'

type WebhookSinkDeps = {
  /** The secrets to sign with now: while a secret is being replaced, the new one and the old one. */
  secrets(subscription: string): Promise<readonly Secret[]>
  fetch: Pick<GuardedFetch, 'post'>
  clock: Clock
}

const USER_AGENT = 'wechat-open-platform-gateway'

/**
 * 2xx is delivered, 410 gone, every other status (redirects included) rejected. `webhook-id` is the event's id, the
 * same for every attempt and replay. A replay has the header `webhook-replay`. For a subscription with `reply`, the
 * member `reply` of a 200's JSON body is returned unchecked; null means that the consumer has no reply. When no reply
 * can be read, `replyProblem` says why.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createWebhookSink({ secrets, fetch, clock }: WebhookSinkDeps): SinkPort {
  return {
    async deliver({ subscription, event, body, signal }) {
      const { name, sink, reply } = subscription
      if (sink.kind !== 'webhook') throw wrongSink('webhook', sink.kind)
      const signers = await secrets(name)
      // Never unsigned: a consumer that verifies would refuse it, and others would learn to accept unsigned deliveries.
      if (signers.length === 0) return { outcome: 'blocked', reason: 'no signing secret' }
      const nowMs = clock.nowMs()
      const at = Math.floor(nowMs / 1_000)
      const answer = await fetch.post({
        url: sink.url,
        owner: `${subscription.platform} ${name}`,
        headers: {
          'content-type': 'application/cloudevents+json',
          'user-agent': USER_AGENT,
          // A compressed answer is not decompressed.
          'accept-encoding': 'identity',
          'webhook-id': event.id,
          'webhook-timestamp': String(at),
          'webhook-signature': signWebhook({ secrets: signers, id: event.id, at, body }),
          ...(event.replay === undefined ? {} : { 'webhook-replay': event.replay }),
        },
        body,
        signal,
      })
      return toResult(answer, { nowMs, wantsReply: reply })
    },
  }
}

function toResult(
  answer: GuardedAnswer,
  { nowMs, wantsReply }: { nowMs: number; wantsReply: boolean },
): DeliveryResult {
  if (answer.outcome !== 'answered') return answer
  const { status, headers } = answer
  const text = answerText(answer)
  const answered = { status, ...(text === undefined ? {} : { answer: text }) }
  if (status >= 200 && status < 300)
    return { outcome: 'delivered', ...answered, ...(wantsReply ? replyInAnswer(answer) : {}) }
  return {
    outcome: 'rejected',
    ...answered,
    gone: status === 410,
    retryAfterSeconds: parseRetryAfter(headers['retry-after'], nowMs),
  }
}
