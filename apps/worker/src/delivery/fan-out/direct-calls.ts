// Owns: which webhooks are called straight from the fan-out, without a job of their own: those that have just been answering
// quickly. All others wait for their own queue, so that a slow consumer holds up nobody.
import { afterReading } from '@wxgw/wechat-core'

/*
 * A webhook earns it by an answer to a delivery from its queue, and loses it by a failure or by getting slow. Until that shows, it
 * holds as many places of the fan-out as calls may be under way; whoever finds them taken waits a moment, when little stands
 * before him, and else goes by the queue. When not one call ends in all that moment, it hangs: nobody waits any more, nor is it called
 * from here, until it has answered its queue.
 */
const QUICK_MS = 50
/** More than the ten of its queue: with each a turn of the event loop goes by, in which the consumer has long been done. */
export const DIRECT_CALLS_PER_SUBSCRIPTION = 25
/** Of all platforms. The fan-out has more places than these by a hundred (workers.ts): if all of these hang, events go on. */
export const DIRECT_CALLS_AT_MOST = 50
const EXPECTED_WAIT_MS = 40
const LONGEST_WAIT_MS = 50
/** Of the average, the latest call's. */
const WEIGHT = 0.2

/** Another URL is another webhook: it has yet to earn it. */
export type CalledWebhook = { subscription: string; url: string }
export type AttemptSeen = { delivered: boolean; durationMs: number }
export type Leave = (attempt: AttemptSeen) => void

export type DirectCalls = {
  /** What to call when the attempt is over; undefined: the event is to go by the queue. */
  enter(webhook: CalledWebhook): Leave | undefined | Promise<Leave | undefined>
  /** Of an attempt that the queue made. */
  seen(webhook: CalledWebhook, attempt: AttemptSeen): void
  /** Forgets all others. */
  keep(subscriptions: ReadonlySet<string>): void
}

type Row = { url: string; averageMs: number; calls: number; ended: number; waiting: Set<Waiter> }
type Waiter = (leave: Leave | undefined) => void

/** How many calls are under way in this process: platforms share the fan-out's places. */
export type CallsUnderWay = { count: number }

export function createDirectCalls(underWay: CallsUnderWay, { longestWaitMs = LONGEST_WAIT_MS } = {}): DirectCalls {
  const rows = new Map<string, Row>()

  function learn(row: Row, { delivered, durationMs }: AttemptSeen): void {
    if (!delivered) row.averageMs = Infinity
    else if (row.averageMs === Infinity) row.averageMs = durationMs
    else row.averageMs += WEIGHT * (durationMs - row.averageMs)
  }

  function begin(row: Row): Leave {
    row.calls += 1
    underWay.count += 1
    return (attempt) => {
      row.calls -= 1
      underWay.count -= 1
      row.ended += 1
      learn(row, attempt)
      if (isQuick(row)) {
        const [first] = row.waiting
        first?.(begin(row))
      } else {
        sendAllToQueue(row)
      }
    }
  }

  function sendAllToQueue({ waiting }: Row): void {
    for (const goOn of waiting) goOn(undefined)
  }

  function wait(row: Row): Promise<Leave | undefined> {
    const { ended } = row
    return new Promise((resolve) => {
      const goOn: Waiter = (leave) => {
        clearTimeout(timer)
        row.waiting.delete(goOn)
        resolve(leave)
      }
      const timer = afterReading(longestWaitMs, () => {
        goOn(undefined)
        if (row.ended > ended) return
        row.averageMs = Infinity
        sendAllToQueue(row)
      })
      row.waiting.add(goOn)
    })
  }

  return {
    enter({ subscription, url }) {
      const row = rows.get(subscription)
      if (row === undefined || row.url !== url || !isQuick(row) || underWay.count >= DIRECT_CALLS_AT_MOST)
        return undefined
      if (row.calls < DIRECT_CALLS_PER_SUBSCRIPTION) return begin(row)
      const expectedMs = ((row.waiting.size + 1) * row.averageMs) / DIRECT_CALLS_PER_SUBSCRIPTION
      return expectedMs <= EXPECTED_WAIT_MS ? wait(row) : undefined
    },
    seen({ subscription, url }, attempt) {
      const known = rows.get(subscription)
      const row =
        known?.url === url ? known : { url, averageMs: Infinity, calls: 0, ended: 0, waiting: new Set<Waiter>() }
      rows.set(subscription, row)
      learn(row, attempt)
    },
    keep(subscriptions) {
      for (const name of rows.keys()) if (!subscriptions.has(name)) rows.delete(name)
    },
  }
}

function isQuick({ averageMs }: Row): boolean {
  return averageMs <= QUICK_MS
}
