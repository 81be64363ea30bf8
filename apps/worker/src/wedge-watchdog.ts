// Owns: noticing that this process takes no jobs although it should, whatever the reason. main.ts ends the process then.
import { type Log, repeat, type Repetition } from '@wxgw/runtime'

export type WatchedQueue = {
  queue: string
  /** How many jobs this process has taken from it since the start. */
  taken(): number
  /** Is there room for one more? A worker whose hands are full takes nothing for good reasons. */
  hasRoom(): boolean
}

export type WedgeWatchdogDeps = {
  /** Those that this process works on now; they come and go with their subscriptions. */
  queues(): readonly WatchedQueue[]
  /** Jobs that anybody may take now and nobody has taken yet. Rejects when Redis is away. */
  waiting(queue: string): Promise<number>
  /** Rejects when Redis takes no writes: then nobody can take jobs, and that heals by itself. */
  probe(): Promise<void>
  /** Called once, with the queue. */
  onWedged(queue: string): void
  everyMs?: number
  log: Log
}

const EVERY_MS = 10_000
/** In a row: a minute. Looks are counted, not time: a process that was stopped for an hour has not been wedged for it. */
const LOOKS = 6

/**
 * Instead of heartbeat jobs, the jobs themselves: where something waits at each look, a worker that reads takes some of it. The
 * line of its blocking read is ended after 15 s without an answer (connect.ts), so that this has to notice only the rest.
 */
export function startWedgeWatchdog(deps: WedgeWatchdogDeps): Repetition {
  const { queues, waiting, probe, onWedged, everyMs = EVERY_MS, log } = deps
  /** By worker, not by queue: a new worker on the same queue has its own time. */
  let idleLooks = new Map<WatchedQueue, { taken: number; looks: number }>()
  let isWedged = false
  const watching = repeat({ firstMs: everyMs, everyMs }, async () => {
    if (isWedged) return
    const wedged = await look()
    if (wedged === undefined) return
    isWedged = true
    onWedged(wedged)
  })

  async function look(): Promise<string | undefined> {
    try {
      await probe()
      const before = idleLooks
      idleLooks = new Map()
      for (const watched of queues()) {
        const looks = await idleLooksOf(watched, before.get(watched))
        if (looks >= LOOKS) return watched.queue
        idleLooks.set(watched, { taken: watched.taken(), looks })
      }
    } catch (error) {
      // Whoever cannot ask does not know; what fails here is logged by those whose work it is.
      log.debug({ err: error }, 'wedge_watchdog.blind')
      idleLooks = new Map()
    }
    return undefined
  }

  async function idleLooksOf(
    { queue, taken, hasRoom }: WatchedQueue,
    before: { taken: number; looks: number } | undefined,
  ): Promise<number> {
    const isIdle = () => before?.taken === taken() && hasRoom()
    // Again after the question: what came while it was on its way has been taken meanwhile.
    return before && isIdle() && (await waiting(queue)) > 0 && isIdle() ? before.looks + 1 : 0
  }

  return watching
}
