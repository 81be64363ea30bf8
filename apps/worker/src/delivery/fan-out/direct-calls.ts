// Owns: which webhooks the fan-out calls itself, without a job for the delivery: those that have answered quickly
// lately. All others get their deliveries from their own queue, so that a slow consumer delays nobody else.
import { afterReading } from '@wxgw/wechat-core'

/*
 * A webhook gets direct calls after a quick answer to a delivery from its queue or, in order, to a probe. A failure or
 * a slow average ends them. Each webhook has 25 slots. When all are taken, a call waits up to 50 ms if the expected
 * wait is at most 40 ms; otherwise the delivery goes to the queue. When no call ends while one waits, the webhook
 * hangs: all waiting calls go to the queue, and direct calls stop until the webhook has answered its queue.
 */
/** The longest average duration of a quick webhook's answers. */
const QUICK_MS = 50
/** More than the ten of its queue: a slot stays taken one turn of the event loop after the consumer has answered. */
export const DIRECT_CALLS_PER_SUBSCRIPTION = 25
/**
 * Of all platforms together. The fan-out has a hundred slots more (workers.ts): if all these calls hang, events go on.
 */
export const DIRECT_CALLS_AT_MOST = 50
const EXPECTED_WAIT_MS = 40
const LONGEST_WAIT_MS = 50
/** The weight of the latest call in the moving average. */
const WEIGHT = 0.2

/** After a change of its URL a webhook begins without direct calls. */
export type CalledWebhook = { subscription: string; url: string }
export type ObservedAttempt = { delivered: boolean; durationMs: number }
export type Leave = (attempt: ObservedAttempt) => void

export type DirectCalls = {
  /** Takes a slot; call the answer when the attempt is over. undefined: the delivery is to go to the queue. */
  enter(webhook: CalledWebhook): Leave | undefined | Promise<Leave | undefined>
  /** Whether it gets direct calls. `unknown`: this process has made no attempt yet. */
  speed(webhook: CalledWebhook): 'unknown' | 'quick' | 'slow'
  /** As `enter`, for the very first call of a webhook. undefined: its speed is known, or found out just now. */
  probe(webhook: CalledWebhook): Leave | undefined
  /** Records an attempt that was made from the queue. */
  observe(webhook: CalledWebhook, attempt: ObservedAttempt): void
  /** Forgets all subscriptions but these. */
  keep(subscriptions: ReadonlySet<string>): void
}

type Row = { url: string; averageMs: number; calls: number; ended: number; waiting: Set<Waiter> }
type Waiter = (leave: Leave | undefined) => void

/** The calls that run in this process: all platforms share the slots. */
export type CallsUnderWay = { count: number }

export function createDirectCalls(underWay: CallsUnderWay, { longestWaitMs = LONGEST_WAIT_MS } = {}): DirectCalls {
  const rows = new Map<string, Row>()

  function knownRow({ subscription, url }: CalledWebhook): Row | undefined {
    const row = rows.get(subscription)
    return row?.url === url ? row : undefined
  }

  function newRow({ subscription, url }: CalledWebhook): Row {
    const row = { url, averageMs: Infinity, calls: 0, ended: 0, waiting: new Set<Waiter>() }
    rows.set(subscription, row)
    return row
  }

  function learn(row: Row, { delivered, durationMs }: ObservedAttempt): void {
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
    for (const resume of waiting) resume(undefined)
  }

  function wait(row: Row): Promise<Leave | undefined> {
    const { ended } = row
    return new Promise((resolve) => {
      const resume: Waiter = (leave) => {
        clearTimeout(timer)
        row.waiting.delete(resume)
        resolve(leave)
      }
      const timer = afterReading(longestWaitMs, () => {
        resume(undefined)
        if (row.ended > ended) return
        row.averageMs = Infinity
        sendAllToQueue(row)
      })
      row.waiting.add(resume)
    })
  }

  return {
    enter(webhook) {
      const row = knownRow(webhook)
      if (row === undefined || !isQuick(row) || underWay.count >= DIRECT_CALLS_AT_MOST) return undefined
      if (row.calls < DIRECT_CALLS_PER_SUBSCRIPTION) return begin(row)
      const expectedMs = ((row.waiting.size + 1) * row.averageMs) / DIRECT_CALLS_PER_SUBSCRIPTION
      return expectedMs <= EXPECTED_WAIT_MS ? wait(row) : undefined
    },
    speed(webhook) {
      const row = knownRow(webhook)
      if (row === undefined) return 'unknown'
      return isQuick(row) ? 'quick' : 'slow'
    },
    probe(webhook) {
      if (knownRow(webhook) !== undefined || underWay.count >= DIRECT_CALLS_AT_MOST) return undefined
      return begin(newRow(webhook))
    },
    observe(webhook, attempt) {
      learn(knownRow(webhook) ?? newRow(webhook), attempt)
    },
    keep(subscriptions) {
      for (const name of rows.keys()) if (!subscriptions.has(name)) rows.delete(name)
    },
  }
}

function isQuick({ averageMs }: Row): boolean {
  return averageMs <= QUICK_MS
}
