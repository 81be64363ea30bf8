// Owns: which subscriptions an event is for. Arrays that follow each other share one index, which is brought from one
// to the other by what they do not have in common: a change costs the lists of the subscription that changed.
import type { Subscription } from './subscription.ts'
import { createDataReader, failingField } from './match-data.ts'
import { createSubscriptionIndex, type MatchedEvent, type SubscriptionIndex, wantsType } from './subscription-index.ts'

/** In the order of their names, each once. */
export type Matcher = (event: MatchedEvent) => Subscription[]

/** `holds`: the array whose subscriptions are in the index now. */
type Shared = { index: SubscriptionIndex; holds: readonly Subscription[] | undefined }

const sharedBy = new WeakMap<readonly Subscription[], Shared>()
const compiled = new WeakMap<readonly Subscription[], Matcher>()

/**
 * Types match without case, `*` at the end stands for anything; authorizers compare with `authorizerappid`, so that an
 * event without one matches only subscriptions that name none; of `data`, all fields must hold. What `match` leaves out
 * is everything, an empty list is nothing. Disabled subscriptions never match. Compiled once per array; neither it nor
 * a subscription in it may be changed afterwards.
 *
 * An event costs the subscriptions that name its authorizer, each with one search among its types, and those for all
 * authorizers that name its type; what of these has `match.data`, a look at each of its fields.
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

/** Answers the member of a subscription by which an event does not match it; undefined when it does. */
export type MatchExplainer = (subscription: Subscription) => string | undefined

/** Of one event; agrees with `compileMatcher`. The members are named in the order enabled, authorizers, types, data. */
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
 * Call it before `next` is compiled: most of its subscriptions are the objects of `before`. The matchers of both stay
 * right.
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

function bringTo(shared: Shared, subscriptions: readonly Subscription[]): void {
  const { index } = shared
  const wanted = new Set(subscriptions)
  for (const member of index.members()) if (!wanted.has(member)) index.remove(member)
  for (const subscription of wanted) index.add(subscription)
  shared.holds = subscriptions
}
