// Owns: which deliveries wait for each other: the key of an event at a subscription, and whose accounts have an order
// at all.
import type { GatewayEvent } from './event.ts'
import type { Subscription } from './subscription.ts'

type KeyedEvent = Pick<GatewayEvent, 'authorizerappid' | 'subject'>

/**
 * Deliveries of one key go one after the other. undefined: this one waits for none; so does one without that member.
 */
export function orderingKey(
  { ordering }: Pick<Subscription, 'ordering'>,
  { authorizerappid, subject }: KeyedEvent,
): string | undefined {
  if (ordering === 'none' || authorizerappid === undefined) return undefined
  if (ordering === 'authorizer') return authorizerappid
  return subject === undefined ? undefined : `${authorizerappid} ${subject}`
}

type OrderedAccounts = 'all' | ReadonlySet<string>

const known = new WeakMap<readonly Subscription[], OrderedAccounts>()

/** May an enabled subscription want the events of this account in order? Looked up once for each list. */
export function hasOrder(subscriptions: readonly Subscription[], account: string | undefined): boolean {
  if (account === undefined) return false
  const accounts = known.get(subscriptions) ?? orderedAccounts(subscriptions)
  known.set(subscriptions, accounts)
  return accounts === 'all' || accounts.has(account)
}

function orderedAccounts(subscriptions: readonly Subscription[]): OrderedAccounts {
  const ordered = subscriptions.filter(({ enabled, ordering }) => enabled && ordering !== 'none')
  const accounts = new Set<string>()
  for (const { match } of ordered) {
    if (match.authorizers === undefined) return 'all'
    for (const account of match.authorizers) accounts.add(account)
  }
  return accounts
}
