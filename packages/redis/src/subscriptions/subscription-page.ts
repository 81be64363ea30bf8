// Owns: one page of the list of subscriptions.
import type { Subscription } from '@wxgw/contracts'
import type { Page } from '../paging/newest-first.ts'

export type SubscriptionsAsked = {
  limit: number
  cursor?: string | undefined
  isShown?: ((subscription: Subscription) => boolean) | undefined
}

/** Authorizers, types and texts of `match.data` on one page of a list, together: about a megabyte. */
const MAX_PAGE_ENTRIES = 50_000

/**
 * The page has at least one subscription if there is one. `isShown` may be slow, so it is called only for this page.
 */
export function pageOf(
  subscriptions: readonly Subscription[],
  { limit, cursor = '', isShown = () => true }: SubscriptionsAsked,
): Page<Subscription> {
  const items: Subscription[] = []
  let entries = 0
  for (const subscription of subscriptions) {
    if (subscription.name <= cursor || !isShown(subscription)) continue
    entries += entriesOf(subscription)
    // There is a next page.
    const last = items.at(-1)
    if (last && (items.length === limit || entries > MAX_PAGE_ENTRIES)) return { items, nextCursor: last.name }
    items.push(subscription)
  }
  return { items, nextCursor: null }
}

function entriesOf({ match: { authorizers = [], types = [], data = {} } }: Subscription): number {
  const texts = Object.values(data).map(
    (condition) => (Array.isArray(condition) ? condition : 'not' in condition ? condition.not : []).length,
  )
  return authorizers.length + types.length + texts.reduce((sum, count) => sum + 1 + count, 0)
}
