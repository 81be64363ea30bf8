// Owns: which events go into the ordered list of their account instead of a queue (ordering/lanes.ts).
import { type BatchedEvent, hasOrder, type Subscription } from '@wxgw/contracts'
import { isStoreAway } from '@wxgw/wechat-core'
import type { LaneWriter } from '../ordering/lanes.ts'
import type { TimeBound } from './push-queue.ts'

export type OrderedEventsDeps = {
  platform: string
  lanes: LaneWriter
  subscriptions: { known(): readonly Subscription[] | undefined; all(): Promise<readonly Subscription[]> }
}

export type OrderedEvents = {
  /**
   * False: no subscription wants the events of this account in order, and nothing was written. No promise where this process
   * knows that: an await before the write interleaves the pushes that were read together, which costs CPU.
   */
  append(entry: BatchedEvent, within: TimeBound): Promise<boolean> | false
}

export const NO_ORDERED_EVENTS: OrderedEvents = { append: () => false }

export function createOrderedEvents({ platform, lanes, subscriptions }: OrderedEventsDeps): OrderedEvents {
  let latest: readonly Subscription[] | undefined

  /** With several masters, the one with the subscriptions may be away while the one with the queue is there. */
  function latestWhileAway(error: unknown): readonly Subscription[] {
    if (latest === undefined || !isStoreAway(error)) throw error
    return latest
  }

  async function appendIfOrdered(
    entry: BatchedEvent,
    { account, within }: { account: string; within: TimeBound },
  ): Promise<boolean> {
    latest = subscriptions.known() ?? (await within(() => subscriptions.all()).catch(latestWhileAway))
    if (!hasOrder(latest, account)) return false
    await within(() => lanes.append({ platform, account }, entry))
    return true
  }

  return {
    append(entry, within) {
      const account = entry.event.authorizerappid
      if (account === undefined) return false
      const known = subscriptions.known()
      if (known) latest = known
      if (known && !hasOrder(known, account)) return false
      return appendIfOrdered(entry, { account, within })
    },
  }
}
