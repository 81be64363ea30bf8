// Owns: how often BullMQ's worker looks into its queue, so that a job that comes alone costs few calls. By itself it
// looks for another job before it begins with the first, once more because a marker stays behind when a job is taken,
// and again when the job ends.
import type { createRedisBackend } from 'bullmq'

type BackendFactory = typeof createRedisBackend

type SparingLooksDeps = {
  /** Does a job of this worker run? */
  isRunning(): boolean
}

/** What BullMQ's backend answers when no job waits. */
const NOTHING = [null, undefined, 0, 0]
/** Of a job that was taken less long ago the end is waited for: most jobs are over by then. */
const SOON_MS = 3

/**
 * The first job that is taken from a queue that was empty begins at once: its marker makes the worker look again. And
 * when there is a marker while a job runs that has just been taken, that job's end looks; should it take longer, the
 * worker does. A marker is always followed by a look that came after it, so that no job is passed over.
 */
export function lookingSparingly(createBackend: BackendFactory, { isRunning }: SparingLooksDeps): BackendFactory {
  return (name, opts, options) => {
    const backend = createBackend(name, opts, options)
    const take = backend.moveToActive.bind(backend)
    const complete = backend.moveToCompleted.bind(backend)
    const wait = backend.waitForJob.bind(backend)
    let wasEmpty = false
    let isFirst = false
    let takenAtMs = -Infinity
    /** Set while a marker is there and no look has come after it: hears what the end of a job finds. */
    let onLook: ((found: unknown) => void) | undefined

    backend.moveToActive = async (token, workerName) => {
      if (isFirst) {
        isFirst = false
        return NOTHING
      }
      const answer = await take(token, workerName)
      const hasJob = Boolean(answer[0])
      isFirst = hasJob && wasEmpty
      wasEmpty = !hasJob
      if (hasJob) takenAtMs = performance.now()
      return answer
    }

    // oxlint-disable-next-line max-params -- BullMQ's own signature
    backend.moveToCompleted = async (job, value, removal, token, fetchNext) => {
      // One that set out before the marker came may have looked before the job was there.
      const heard = fetchNext ? onLook : undefined
      const answer = await complete(job, value, removal, token, fetchNext)
      heard?.(answer.result)
      return answer
    }

    /**
     * Until the queue was found empty: then resolves with when its next job is due, 0 = there is none. undefined: time
     * is over.
     */
    function foundEmpty(withinMs: number): Promise<number | undefined> {
      return new Promise((resolve) => {
        const end = (dueAtMs: number | undefined) => {
          clearTimeout(timer)
          onLook = undefined
          resolve(dueAtMs)
        }
        const timer = setTimeout(end, withinMs, undefined)
        onLook = (found) => {
          const [job, , , dueAtMs] = Array.isArray(found) ? found : []
          if (!job) end(Number(dueAtMs ?? 0))
        }
      })
    }

    backend.waitForJob = async (timeoutSeconds) => {
      isFirst = false
      for (;;) {
        const marker = await wait(timeoutSeconds)
        const leftMs = takenAtMs + SOON_MS - performance.now()
        // With a score it is of a job that is due later.
        if (marker === null || marker.score > 0 || leftMs <= 0 || !isRunning()) return marker
        const dueAtMs = await foundEmpty(leftMs)
        if (dueAtMs === undefined) return marker
        wasEmpty = true
        if (dueAtMs > 0) return { ...marker, score: dueAtMs }
      }
    }
    return backend
  }
}
