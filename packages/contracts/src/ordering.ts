// Owns: the ordering key of a delivery, and which accounts have ordered deliveries at all.
import type { GatewayEvent } from './event.ts'
import type { Subscription } from './subscription.ts'

type KeyedEvent = Pick<GatewayEvent, 'authorizerappid' | 'subject'>

/** Deliveries with the same key run one after the other. undefined: not ordered, or the event lacks the member. */
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

/** Whether an enabled subscription may order the events of this account. Computed once for each list. */
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
