// Owns: polling the subscriptions' queues, each about once a second, for deliveries that this process has not enqueued
// itself: retries that fall due, deliveries of other processes, and those that a killed process left.
import { deliveriesQueue, type Laps, type PendingWork, startLaps, storeErrorCode } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'

type DeliveryPollDeps = {
  platform: string
  /** The names of all subscriptions. */
  subscriptions(): readonly string[]
  pendingWork: PendingWork
  /** There is something to deliver. Called at each poll as long as that holds. */
  found(subscription: string): void
  log: Pick<Log, 'warn'>
}

/** The slowest lap. A retry that falls due sooner gets a timer, so that it does not wait for the next poll. */
const SOON_MS = 5_000

export function startDeliveryPoll({ platform, subscriptions, pendingWork, found, log }: DeliveryPollDeps): Laps {
  const dueSoon = new Map<string, NodeJS.Timeout>()

  async function poll(name: string): Promise<void> {
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

  async function pollAll(names: readonly string[]): Promise<void> {
    const polls = await Promise.allSettled(names.map(poll))
    // One line for all of them: they are in the same Redis.
    const failed = polls.find((result) => result.status === 'rejected')
    if (failed) log.warn({ platform, code: storeErrorCode(failed.reason) }, 'deliveries.not_polled')
  }

  const laps = startLaps({ items: subscriptions, visit: pollAll })
  return {
    async close() {
      await laps.close()
      for (const timer of dueSoon.values()) clearTimeout(timer)
    },
  }
}
