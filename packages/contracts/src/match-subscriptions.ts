// Owns: which subscriptions an event is for. Arrays that follow each other share one index, which is brought from one to the other by
// what they do not have in common: a change costs the lists of the subscription that changed.
import type { Subscription } from './subscription.ts'
import { createSubscriptionIndex, type MatchedEvent, type SubscriptionIndex } from './subscription-index.ts'

/** In the order of their names, each once. */
export type Matcher = (event: MatchedEvent) => Subscription[]

/** `holds`: the array whose subscriptions are in the index now. */
type Shared = { index: SubscriptionIndex; holds: readonly Subscription[] | undefined }

const sharedBy = new WeakMap<readonly Subscription[], Shared>()
const compiled = new WeakMap<readonly Subscription[], Matcher>()

/**
 * Types match without case, `*` at the end stands for anything; authorizers compare with `authorizerappid`, so that an event
 * without one matches only subscriptions that name none. What `match` leaves out is everything, an empty list is nothing.
 * Disabled subscriptions never match. Compiled once per array; neither it nor a subscription in it may be changed afterwards.
 *
 * An event costs the subscriptions that name its authorizer, each with one search among its types, and those for all
 * authorizers that name its type.
 */
export function compileMatcher(subscriptions: readonly Subscription[]): Matcher {
  const known = compiled.get(subscriptions)
  if (known) return known
  const shared = sharedOf(subscriptions)
  const matcher: Matcher = (event) => {
    if (shared.holds !== subscriptions) bringTo(shared, subscriptions)
    return shared.index.find(event).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  compiled.set(subscriptions, matcher)
  return matcher
}

/** Call it before `next` is compiled: most of its subscriptions are the objects of `before`. The matchers of both stay right. */
export function inheritMatcher(next: readonly Subscription[], before: readonly Subscription[]): void {
  sharedBy.set(next, sharedOf(before))
}

function sharedOf(subscriptions: readonly Subscription[]): Shared {
  const known = sharedBy.get(subscriptions)
  if (known) return known
  const shared: Shared = { index: createSubscriptionIndex(), holds: undefined }
  sharedBy.set(subscriptions, shared)
  return shared
}

function bringTo(shared: Shared, subscriptions: readonly Subscription[]): void {
  const { index } = shared
  const wanted = new Set(subscriptions)
  for (const member of index.members()) if (!wanted.has(member)) index.remove(member)
  for (const subscription of wanted) index.add(subscription)
  shared.holds = subscriptions
}
