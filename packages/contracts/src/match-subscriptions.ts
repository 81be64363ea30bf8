// Owns: which subscriptions match an event. Successive versions of the list share one index, which is updated by the
// difference: a change costs the authorizers and types of the changed subscription.
import type { Subscription } from './subscription.ts'
import { createDataReader, failingField } from './match-data.ts'
import { createSubscriptionIndex, type MatchedEvent, type SubscriptionIndex, wantsType } from './subscription-index.ts'

/** The matching subscriptions, sorted by name. */
export type Matcher = (event: MatchedEvent) => Subscription[]

/** `holds`: the array that the index has now. */
type Shared = { index: SubscriptionIndex; holds: readonly Subscription[] | undefined }

const sharedBy = new WeakMap<readonly Subscription[], Shared>()
const compiled = new WeakMap<readonly Subscription[], Matcher>()

/**
 * Types match case-insensitively; `*` at the end matches any rest. Authorizers compare with `authorizerappid`: an event
 * without one matches only subscriptions that name no authorizers. All conditions on `data` must hold. A member that
 * `match` leaves out matches everything, an empty list nothing. Disabled subscriptions never match.
 * Compiles each array once; neither the array nor a subscription in it may change afterwards.
 *
 * Cost of an event: one search among the types of each subscription that names its authorizer, one lookup for those of
 * all authorizers, and each field of `match.data` of the ones found.
 */
export function compileMatcher(subscriptions: readonly Subscription[]): Matcher {
  const known = compiled.get(subscriptions)
  if (known) return known
  const shared = sharedOf(subscriptions)
  const matcher: Matcher = (event) => {
    if (shared.holds !== subscriptions) updateIndex(shared, subscriptions)
    return shared.index.find(event).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  compiled.set(subscriptions, matcher)
  return matcher
}

/** The member of the subscription that does not match the event; undefined when all match. */
export type MatchExplainer = (subscription: Subscription) => string | undefined

/** Explains one event, consistent with `compileMatcher`. Checks enabled, authorizers, types, data, in this order. */
export function explainMatch({ type, authorizerappid, data }: MatchedEvent): MatchExplainer {
  const read = createDataReader(data)
  const lowerType = type.toLowerCase()
  return (subscription) => {
    const { enabled, match } = subscription
    if (!enabled) return 'enabled'
    if (match.authorizers && !match.authorizers.some((one) => one === authorizerappid)) return 'match.authorizers'
    if (!wantsType(subscription, lowerType)) return 'match.types'
    const field = match.data && failingField(match.data, read)
    return field === undefined ? undefined : `match.data.${field}`
  }
}

/**
 * Lets `next` share the index of `before`: most of its subscriptions are the same objects. Call it before `next` is
 * compiled. The matchers of both stay correct.
 */
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

function updateIndex(shared: Shared, subscriptions: readonly Subscription[]): void {
  const { index } = shared
  const wanted = new Set(subscriptions)
  for (const member of index.members()) if (!wanted.has(member)) index.remove(member)
  for (const subscription of wanted) index.add(subscription)
  shared.holds = subscriptions
}
