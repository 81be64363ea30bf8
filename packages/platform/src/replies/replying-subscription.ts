// Owns: which subscription replies to an event: the first by name that matches it, wants to reply and is not paused.
import { compileMatcher, type GatewayEvent, type Subscription } from '@wxgw/contracts'

export function replyingSubscription(
  subscriptions: readonly Subscription[],
  event: GatewayEvent,
): Subscription | undefined {
  return compileMatcher(subscriptions)(event).find(mayReply)
}

const known = new WeakMap<readonly Subscription[], boolean>()

/** Whether any of them may reply to events. Cached per array, because each push needs it. */
export function hasReplying(subscriptions: readonly Subscription[]): boolean {
  const has = known.get(subscriptions) ?? subscriptions.some(mayReply)
  known.set(subscriptions, has)
  return has
}

function mayReply({ reply, paused }: Subscription): boolean {
  return reply && !paused
}
