// Owns: which events go into the ordered list of their account instead of a queue (ordering/lanes.ts).
import { type BatchedEvent, hasOrder, type Subscription } from '@wxgw/contracts'
import { isStoreAway } from '@wxgw/wechat-core'
import type { LaneWriter } from '../ordering/lanes.ts'
import type { TimeBound } from './push-queue.ts'

export type OrderedEventsDeps = {
  platform: string
  lanes: LaneWriter
  subscriptions: {
    /** Rejects with STORE_UNAVAILABLE after `lateMs`, where that is given. */
    all(lateMs?: number): Promise<readonly Subscription[]>
    /** What `all()` would answer, if nothing must be read for it. */
    known(): readonly Subscription[] | undefined
  }
  /**
   * With several masters: how long the one with the subscriptions may take. Then those that were read last are
   * used, and there is time left for the master of the queue. Default: as long as the push has.
   */
  lateMs?: number | undefined
}

export type OrderedEvents = {
  /** False: no subscription wants the events of this account in order, and nothing was written. */
  append(entry: BatchedEvent, within: TimeBound): Promise<boolean> | false
}

export const NO_ORDERED_EVENTS: OrderedEvents = { append: () => false }

export function createOrderedEvents({ platform, lanes, subscriptions, lateMs }: OrderedEventsDeps): OrderedEvents {
  let latest: readonly Subscription[] | undefined

  /** With several masters, the one with the subscriptions may be away while the one with the list answers. */
  function latestWhileAway(error: unknown): readonly Subscription[] {
    if (latest === undefined || !isStoreAway(error)) throw error
    return latest
  }

  async function readAndAppend(account: string, entry: BatchedEvent, within: TimeBound): Promise<boolean> {
    const longestMs = latest === undefined ? undefined : lateMs
    latest = await within(() => subscriptions.all(longestMs)).catch(latestWhileAway)
    if (!hasOrder(latest, account)) return false
    await within(() => lanes.append({ platform, account }, entry))
    return true
  }

  return {
    append(entry, within) {
      const account = entry.event.authorizerappid
      if (account === undefined) return false
      const known = subscriptions.known()
      latest = known ?? latest
      if (known !== undefined && !hasOrder(known, account)) return false
      return readAndAppend(account, entry, within)
    },
  }
}
