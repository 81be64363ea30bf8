// Owns: how often BullMQ's worker fetches from its queue, so that a single job costs few calls. By itself the worker
// fetches again before it starts a job, once more because a marker remains when a job is taken, and again when the job
// ends.
import type { createRedisBackend } from 'bullmq'

type BackendFactory = typeof createRedisBackend

type FetchSparinglyDeps = {
  /** Whether a job of this worker runs. */
  isRunning(): boolean
}

/** The answer of BullMQ's backend when no job waits. */
const NOTHING = [null, undefined, 0, 0]
/** The end of a job that was taken less long ago is awaited: most jobs end sooner. */
const SOON_MS = 3

/**
 * The first job from an empty queue starts at once: its marker makes the worker fetch again. When a marker comes while
 * a job runs that was just taken, that job's end fetches the next one; if it takes longer than 3 ms, the worker
 * fetches. Every marker is followed by a later fetch, so no job is missed.
 */
export function fetchingSparingly(createBackend: BackendFactory, { isRunning }: FetchSparinglyDeps): BackendFactory {
  return (name, opts, options) => {
    const backend = createBackend(name, opts, options)
    const take = backend.moveToActive.bind(backend)
    const complete = backend.moveToCompleted.bind(backend)
    const wait = backend.waitForJob.bind(backend)
    let wasEmpty = false
    let isFirst = false
    let takenAtMs = -Infinity
    /** Set while a marker exists and no fetch has followed it. Called with the result of the fetch at a job's end. */
    let onFetch: ((found: unknown) => void) | undefined

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
      // A fetch that was sent before the marker came may have missed the job.
      const notify = fetchNext ? onFetch : undefined
      const answer = await complete(job, value, removal, token, fetchNext)
      notify?.(answer.result)
      return answer
    }

    /**
     * Resolves when a fetch found the queue empty, with the time of its next delayed job (0 = none). undefined: the
     * time is over.
     */
    function foundEmpty(withinMs: number): Promise<number | undefined> {
      return new Promise((resolve) => {
        const end = (dueAtMs: number | undefined) => {
          clearTimeout(timer)
          onFetch = undefined
          resolve(dueAtMs)
        }
        const timer = setTimeout(end, withinMs, undefined)
        onFetch = (found) => {
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
        // A score above 0 is the time of a delayed job.
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
