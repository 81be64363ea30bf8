// Owns: which subscriptions an event is for. Indexed by authorizer and type: an event costs what matches it, not what exists.
import type { GatewayEvent } from './event.ts'
import type { Subscription } from './subscription.ts'

/** In the order of their names, each once. */
export type Matcher = (event: Pick<GatewayEvent, 'type' | 'authorizerappid'>) => Subscription[]

type TypeIndex = {
  everyType: Subscription[]
  /** By the type in lower case. */
  exact: Map<string, Subscription[]>
  /** By what stands before the `*`, in lower case. */
  byPrefix: Map<string, Subscription[]>
  prefixLengths: Set<number>
}

const compiled = new WeakMap<readonly Subscription[], Matcher>()

/**
 * Types match without case, `*` at the end stands for anything; authorizers compare with `authorizerappid`, so that an event
 * without one matches only subscriptions that name none. What `match` leaves out is everything, an empty list is nothing.
 * Disabled subscriptions never match. Compiled once per array, which must not be changed afterwards.
 */
export function compileMatcher(subscriptions: readonly Subscription[]): Matcher {
  const known = compiled.get(subscriptions)
  if (known) return known
  const anyAuthorizer = createTypeIndex()
  const byAuthorizer = new Map<string, TypeIndex>()
  for (const subscription of subscriptions) {
    if (!subscription.enabled) continue
    const { authorizers } = subscription.match
    if (authorizers === undefined) addTo(anyAuthorizer, subscription)
    else for (const appId of new Set(authorizers)) addTo(entry(byAuthorizer, appId, createTypeIndex), subscription)
  }
  const matcher: Matcher = ({ type, authorizerappid }) => {
    const found = new Set<Subscription>()
    const lowerType = type.toLowerCase()
    collect(anyAuthorizer, lowerType, found)
    const own = authorizerappid === undefined ? undefined : byAuthorizer.get(authorizerappid)
    if (own) collect(own, lowerType, found)
    return [...found].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  compiled.set(subscriptions, matcher)
  return matcher
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
  for (const pattern of types) {
    const lower = pattern.toLowerCase()
    if (!lower.endsWith('*')) {
      entry(index.exact, lower, () => []).push(subscription)
      continue
    }
    const prefix = lower.slice(0, -1)
    entry(index.byPrefix, prefix, () => []).push(subscription)
    index.prefixLengths.add(prefix.length)
  }
}

function collect(index: TypeIndex, type: string, found: Set<Subscription>): void {
  for (const subscription of index.everyType) found.add(subscription)
  for (const subscription of index.exact.get(type) ?? []) found.add(subscription)
  for (const length of index.prefixLengths) {
    if (length > type.length) continue
    for (const subscription of index.byPrefix.get(type.slice(0, length)) ?? []) found.add(subscription)
  }
}

function entry<T>(map: Map<string, T>, key: string, create: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const created = create()
  map.set(key, created)
  return created
}
