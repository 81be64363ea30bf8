// Owns: the types of answering a push with more than `success`: release check and passive replies.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Arrival, Authorizers, Replies, Statistics, Subscriptions, TimeBound } from '@wxgw/platform'
import type { AuthorizerAppId, AuthorizerMessage, OpenedPush } from '@wxgw/wechat-core'
import type { PushPlatform } from './push-context.ts'

/** What the messages of one platform's authorizers need of it. */
export type MessagePlatform = PushPlatform & {
  authorizers: Pick<Authorizers, 'get' | 'ownerOfUserName' | 'cachedOwner'>
  subscriptions: Pick<Subscriptions, 'all' | 'known'>
  replies: Pick<Replies, 'expect'>
  statistics: Pick<Statistics, 'count'>
}

/** An authentic message of a user, or an event, with the event that consumers get for it. */
export type PushedMessage = Arrival & {
  within: TimeBound
  platform: MessagePlatform
  appId: AuthorizerAppId
  /** Its `credentials` seal the reply. */
  opened: OpenedPush
  message: Extract<AuthorizerMessage, { kind: 'message' }>
  event: GatewayEvent
}

export type ReplyWanted = { subscription: string; deadlineAtMs: number }

/** Body of the answer; undefined = `success`. */
export type PassiveAnswer = string | undefined

export type PassiveReplies = {
  /**
   * `enqueue` enqueues the event, with the reply to wait for; call it at most once. Without a call the route enqueues
   * the event without a reply. The push is answered after the queue has accepted the event. undefined instead of a
   * promise: no subscription replies, by the cached ones.
   */
  answer(push: PushedMessage & { enqueue(reply?: ReplyWanted): Promise<unknown> }): Promise<PassiveAnswer> | undefined
}

export type ReleaseCheck = {
  /**
   * The body of the answer, for WeChat's test accounts only; undefined for everything else. A message that is answered
   * here is not dispatched, because it may contain an authorization code in clear.
   */
  answer(push: PushedMessage): Promise<string> | undefined
}
