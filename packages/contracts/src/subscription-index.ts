// Owns: the index that finds the subscriptions of an event. A subscription is listed by its authorizers, or else by its
// types: memory is the sum of all authorizers and types, never their product. Adding or removing one costs its own
// lists. `match.data` is checked on the subscriptions found.
import type { GatewayEvent } from './event.ts'
import { createDataReader, failingField } from './match-data.ts'
import type { Subscription } from './subscription.ts'
import { compileTypePatterns, matchesType, type TypePatterns } from './type-patterns.ts'

export type MatchedEvent = Pick<GatewayEvent, 'type' | 'authorizerappid'> & { data?: unknown }

export type SubscriptionIndex = {
  members(): ReadonlySet<Subscription>
  /** Idempotent, as `remove` is. A subscription must not change while the index has it. */
  add(subscription: Subscription): void
  remove(subscription: Subscription): void
  /** Each subscription once, unsorted. */
  find(event: MatchedEvent): Subscription[]
}

type Lists = Map<string, Subscription[]>

export function createSubscriptionIndex(): SubscriptionIndex {
  const members = new Set<Subscription>()
  const byAuthorizer: Lists = new Map()
  /** These three are for all authorizers. */
  const everyType: Lists = new Map()
  /** By type, in lower case. */
  const byType: Lists = new Map()
  /** By the text before `*`, in lower case. */
  const byPrefix: Lists = new Map()
  /** Number of prefixes by length. */
  const prefixLengths = new Map<number, number>()

  /** The lists that have a subscription, each once. */
  function* placesOf({ match: { authorizers, types } }: Subscription): Generator<[lists: Lists, key: string]> {
    if (authorizers !== undefined) for (const appId of new Set(authorizers)) yield [byAuthorizer, appId]
    else if (types === undefined) yield [everyType, '']
    else {
      const { exact, prefixes } = typePatterns(types)
      for (const type of exact) yield [byType, type]
      for (const prefix of prefixes) yield [byPrefix, prefix]
    }
  }

  function countPrefix(length: number, difference: 1 | -1): void {
    const count = (prefixLengths.get(length) ?? 0) + difference
    if (count === 0) prefixLengths.delete(length)
    else prefixLengths.set(length, count)
  }

  /** Finds each subscription once: no two patterns of a subscription match the same type. */
  function findForAll(type: string): Subscription[] {
    const found = [...(everyType.get('') ?? []), ...(byType.get(type) ?? [])]
    for (const length of prefixLengths.keys()) {
      if (length <= type.length) for (const one of byPrefix.get(type.slice(0, length)) ?? []) found.push(one)
    }
    return found
  }

  return {
    members: () => members,
    add(subscription) {
      if (members.has(subscription)) return
      members.add(subscription)
      if (!subscription.enabled) return
      for (const [lists, key] of placesOf(subscription)) {
        const list = lists.get(key)
        if (list) list.push(subscription)
        else lists.set(key, [subscription])
        if (lists === byPrefix && !list) countPrefix(key.length, 1)
      }
    },
    remove(subscription) {
      if (!members.delete(subscription) || !subscription.enabled) return
      for (const [lists, key] of placesOf(subscription)) {
        const list = lists.get(key) ?? []
        list.splice(list.indexOf(subscription), 1)
        if (list.length > 0) continue
        lists.delete(key)
        if (lists === byPrefix) countPrefix(key.length, -1)
      }
    },
    find({ type, authorizerappid, data }) {
      const lowerType = type.toLowerCase()
      const found = findForAll(lowerType)
      const naming = authorizerappid === undefined ? undefined : byAuthorizer.get(authorizerappid)
      for (const subscription of naming ?? []) if (wantsType(subscription, lowerType)) found.push(subscription)
      return withDataHolding(found, data)
    },
  }
}

function withDataHolding(found: Subscription[], data: unknown): Subscription[] {
  if (!found.some(({ match }) => match.data !== undefined)) return found
  const read = createDataReader(data)
  return found.filter(({ match }) => match.data === undefined || failingField(match.data, read) === undefined)
}

export function wantsType({ match: { types } }: Subscription, lowerType: string): boolean {
  return types === undefined || matchesType(typePatterns(types), lowerType)
}

/** Compiled once per subscription. */
const patternsOf = new WeakMap<readonly string[], TypePatterns>()

function typePatterns(types: readonly string[]): TypePatterns {
  const known = patternsOf.get(types) ?? compileTypePatterns(types)
  patternsOf.set(types, known)
  return known
}
