// Owns: finding the deliveries that nobody in this process knows of: retries that fall due, what other processes have
// enqueued, and what a killed one has left. Each subscription's queue is looked at about once a second.
import { deliveriesQueue, type Laps, type PendingWork, startLaps, storeErrorCode } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'

export type DeliveryPollDeps = {
  platform: string
  /** The names of all. */
  subscriptions(): readonly string[]
  pendingWork: PendingWork
  /** There is something to deliver. Again with each look, as long as it is there. */
  found(subscription: string): void
  log: Pick<Log, 'warn'>
}

/** What falls due sooner than the slowest lap is not left to the next one, and comes in time. */
const SOON_MS = 5_000

export function startDeliveryPoll({ platform, subscriptions, pendingWork, found, log }: DeliveryPollDeps): Laps {
  const dueSoon = new Map<string, NodeJS.Timeout>()

  async function look(name: string): Promise<void> {
    const dueInMs = await pendingWork(deliveriesQueue(platform, name))
    clearTimeout(dueSoon.get(name))
    dueSoon.delete(name)
    if (dueInMs === undefined || dueInMs > SOON_MS) return
    if (dueInMs === 0) return found(name)
    const timer = setTimeout(() => {
      dueSoon.delete(name)
      found(name)
    }, dueInMs)
    dueSoon.set(name, timer)
  }

  async function lookAt(names: readonly string[]): Promise<void> {
    const looks = await Promise.allSettled(names.map(look))
    // One line for all: they have one Redis, and what holds for one holds for the others.
    const failed = looks.find((result) => result.status === 'rejected')
    if (failed) log.warn({ platform, code: storeErrorCode(failed.reason) }, 'deliveries.not_polled')
  }

  const laps = startLaps({ items: subscriptions, visit: lookAt })
  return {
    async close() {
      await laps.close()
      for (const timer of dueSoon.values()) clearTimeout(timer)
    },
  }
}
