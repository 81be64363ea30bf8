// Owns: detecting that this process takes no jobs although jobs wait. main.ts then ends the process.
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

export type WatchedQueue = {
  queue: string
  /** How many jobs this process has taken from the queue since the start. */
  taken(): number
  /** Whether a slot is free. A worker without one rightly takes no job. */
  hasRoom(): boolean
}

type WedgeWatchdogDeps = {
  /** The queues that this process works on now. They come and go with their subscriptions. */
  queues(): readonly WatchedQueue[]
  /** How many jobs any worker may take now. Rejects when Redis is unavailable. */
  waiting(queue: string): Promise<number>
  /** Rejects when Redis takes no writes: then no process can take jobs, and a restart would not help. */
  probe(): Promise<void>
  /** Called once, with the queue. */
  onWedged(queue: string): void
  everyMs?: number
  log: Log
}

const EVERY_MS = 10_000
/** In a row, which is a minute. Polls are counted, not time: a process that was stopped for an hour is not wedged. */
const WEDGED_AFTER_POLLS = 6

/**
 * A queue is wedged when jobs wait in it at each of six polls, and this process had a free slot and took none of them.
 * A dead connection of the blocking read is not found here: it is closed after 15 s without an answer (connect.ts).
 */
export function startWedgeWatchdog(deps: WedgeWatchdogDeps): Repetition {
  const { queues, waiting, probe, onWedged, everyMs = EVERY_MS, log } = deps
  /** By worker, not by queue: a new worker of the same queue starts from zero. */
  let idlePolls = new Map<WatchedQueue, { taken: number; polls: number }>()
  let isWedged = false
  const watching = repeat({ firstMs: everyMs, everyMs }, async () => {
    if (isWedged) return
    const wedged = await poll()
    if (wedged === undefined) return
    isWedged = true
    onWedged(wedged)
  })

  async function poll(): Promise<string | undefined> {
    try {
      await probe()
      const before = idlePolls
      idlePolls = new Map()
      for (const watched of queues()) {
        const polls = await idlePollsOf(watched, before.get(watched))
        if (polls >= WEDGED_AFTER_POLLS) return watched.queue
        idlePolls.set(watched, { taken: watched.taken(), polls })
      }
    } catch (error) {
      // Unknown without Redis. Readiness reports an unavailable Redis.
      log.debug({ err: error }, 'wedge_watchdog.blind')
      idlePolls = new Map()
    }
    return undefined
  }

  async function idlePollsOf(
    { queue, taken, hasRoom }: WatchedQueue,
    before: { taken: number; polls: number } | undefined,
  ): Promise<number> {
    const isIdle = () => before?.taken === taken() && hasRoom()
    // Checked again: the worker may have taken a job during the read.
    return before && isIdle() && (await waiting(queue)) > 0 && isIdle() ? before.polls + 1 : 0
  }

  return watching
}
