// Owns: which subscriptions an event is for. Two indexes, by authorizer and by type, of which each holds a subscription's lists
// once: memory is the sum of all authorizers and types, never a product of the two.
import type { GatewayEvent } from './event.ts'
import type { Subscription } from './subscription.ts'
import { compileTypePatterns, matchesType, type TypePatterns } from './type-patterns.ts'

/** In the order of their names, each once. */
export type Matcher = (event: Pick<GatewayEvent, 'type' | 'authorizerappid'>) => Subscription[]

/** Subscriptions for all authorizers. */
type TypeIndex = {
  everyType: Subscription[]
  /** By the type in lower case. */
  exact: Map<string, Subscription[]>
  /** By what stands before the `*`, in lower case. */
  byPrefix: Map<string, Subscription[]>
  prefixLengths: Set<number>
}

const compiled = new WeakMap<readonly Subscription[], Matcher>()
/** Made once per subscription: another array has most subscriptions of the one before. */
const patternsOf = new WeakMap<readonly string[], TypePatterns>()

/**
 * Types match without case, `*` at the end stands for anything; authorizers compare with `authorizerappid`, so that an event
 * without one matches only subscriptions that name none. What `match` leaves out is everything, an empty list is nothing.
 * Disabled subscriptions never match. Compiled once per array, which must not be changed afterwards.
 *
 * An event costs the subscriptions that name its authorizer, each with one search among its types, and those for all
 * authorizers that name its type.
 */
export function compileMatcher(subscriptions: readonly Subscription[]): Matcher {
  const known = compiled.get(subscriptions)
  if (known) return known
  const forAll = createTypeIndex()
  const byAuthorizer = new Map<string, Subscription[]>()
  for (const subscription of subscriptions) {
    if (!subscription.enabled) continue
    const { authorizers } = subscription.match
    if (authorizers === undefined) addTo(forAll, subscription)
    else for (const appId of new Set(authorizers)) entry(byAuthorizer, appId).push(subscription)
  }
  const matcher: Matcher = ({ type, authorizerappid }) => {
    const lowerType = type.toLowerCase()
    const found = collect(forAll, lowerType)
    const naming = authorizerappid === undefined ? undefined : byAuthorizer.get(authorizerappid)
    for (const subscription of naming ?? []) if (wantsType(subscription, lowerType)) found.push(subscription)
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  compiled.set(subscriptions, matcher)
  return matcher
}

function wantsType({ match: { types } }: Subscription, lowerType: string): boolean {
  return types === undefined || matchesType(typePatterns(types), lowerType)
}

function typePatterns(types: readonly string[]): TypePatterns {
  const known = patternsOf.get(types) ?? compileTypePatterns(types)
  patternsOf.set(types, known)
  return known
}

function createTypeIndex(): TypeIndex {
  return { everyType: [], exact: new Map(), byPrefix: new Map(), prefixLengths: new Set() }
}

function addTo(index: TypeIndex, subscription: Subscription): void {
  const { types } = subscription.match
  if (types === undefined) {
    index.everyType.push(subscription)
    return
  }
  const { exact, prefixes } = typePatterns(types)
  for (const type of exact) entry(index.exact, type).push(subscription)
  for (const prefix of prefixes) {
    entry(index.byPrefix, prefix).push(subscription)
    index.prefixLengths.add(prefix.length)
  }
}

/** Each once: of one subscription's patterns no two match the same type. */
function collect(index: TypeIndex, type: string): Subscription[] {
  const found = [...index.everyType, ...(index.exact.get(type) ?? [])]
  for (const length of index.prefixLengths) {
    if (length > type.length) continue
    for (const subscription of index.byPrefix.get(type.slice(0, length)) ?? []) found.push(subscription)
  }
  return found
}

function entry(map: Map<string, Subscription[]>, key: string): Subscription[] {
  const known = map.get(key)
  if (known !== undefined) return known
  const created: Subscription[] = []
  map.set(key, created)
  return created
}
