// Owns: remembering the pushes that this process has acknowledged lately, and enqueueing them again after a loss:
// asynchronous replication loses the last moments before a failover, `appendfsync everysec` those before a power cut.
// De-duplication drops what Redis still has.
import type { Log, Metrics } from '@wxgw/runtime'
import { type Clock, isStoreAway, pause } from '@wxgw/wechat-core'
import type { EnqueuePush, Push, PushOutcome } from './push.ts'
import { createPushRing, type Place } from './push-ring.ts'
import { recalledPush, rememberedPush } from './remembered-push.ts'

export type RecentAcceptances = {
  /**
   * Call it when Redis has accepted the push. A release check is not remembered: WeChat waits only seconds for it.
   * `plaintext`: the text of a message; storing it costs less than storing the parsed message.
   */
  note(push: Exclude<Push, { kind: 'release-check' }>, plaintext?: Buffer): void
  /**
   * Enqueues everything again, oldest first; retries while the store is unavailable, until `signal` is aborted. Never
   * rejects.
   */
  enqueueAgain(reason: string, signal: AbortSignal): Promise<void>
}

const KEEP_MS = 30_000
const MAX_BYTES = 16 * 1024 * 1024
/** Enqueued concurrently. More would delay new pushes. */
const AT_ONCE = 50
const RETRY_MS = 200

type Deps = { enqueue: EnqueuePush; clock: Clock; metrics?: Metrics | undefined; log: Log; maxBytes?: number }

/**
 * One per process, for all platforms. A push is dropped when a newer one is 30 s younger, not after 30 s: while Redis
 * is down nothing is accepted, and the last pushes stay until it is back.
 */
export function createRecentAcceptances({
  enqueue,
  clock,
  metrics,
  log,
  maxBytes = MAX_BYTES,
}: Deps): RecentAcceptances {
  const ring = createPushRing(maxBytes)
  const enqueuedAgain = metrics?.counter({
    name: 'wxgw_pushes_enqueued_again_total',
    help:
      'acknowledged pushes that were enqueued again after another Redis server answered; ' +
      'accepted = they had been lost, queued = workers will see',
    labels: ['outcome'],
  })

  function note(push: Push, plaintext?: Buffer): void {
    const atMs = clock.nowMs()
    ring.dropBefore(atMs - KEEP_MS)
    ring.write(rememberedPush(push, plaintext), atMs)
  }

  /** undefined: a newer push was written over it. */
  function pushOf(place: Place): Push | undefined {
    const record = ring.read(place)
    return record && recalledPush(record)
  }

  async function enqueueUntilTaken(place: Place, signal: AbortSignal): Promise<PushOutcome | 'given-up'> {
    while (!signal.aborted) {
      const push = pushOf(place)
      if (push === undefined) return 'given-up'
      try {
        return await enqueue(push)
      } catch (error) {
        // Any other error would repeat, and block the pushes after this one.
        if (!isStoreAway(error)) {
          log.warn({ err: error }, 'push.not_enqueued_again')
          return 'given-up'
        }
        await pause(RETRY_MS, signal)
      }
    }
    return 'given-up'
  }

  return {
    note,

    async enqueueAgain(reason, signal) {
      const due = ring.places()
      const counts = { accepted: 0, duplicate: 0, queued: 0, 'given-up': 0 }
      for (let start = 0; start < due.length; start += AT_ONCE) {
        const outcomes = await Promise.all(
          due.slice(start, start + AT_ONCE).map((place) => enqueueUntilTaken(place, signal)),
        )
        for (const outcome of outcomes) {
          counts[outcome] += 1
          enqueuedAgain?.inc({ outcome })
        }
      }
      if (due.length > 0) {
        const { accepted: lost, duplicate: stillThere, queued, 'given-up': givenUp } = counts
        log.warn({ reason, lost, stillThere, queued, givenUp }, 'pushes.enqueued_again')
      }
    },
  }
}
