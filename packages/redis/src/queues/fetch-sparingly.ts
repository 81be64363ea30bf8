// Owns: how often BullMQ's worker fetches from its queue, so that a single job costs few calls. By itself the worker
// fetches again before it starts a job, once more because a marker remains when a job is taken, and again when the job
// ends.
import type { createRedisBackend } from 'bullmq'
import type { DropMarker } from '../bullmq-format/drop-marker.ts'
import type { RedisConnection } from '../connect.ts'
import { createHeldEnd } from './held-end.ts'
import { inOneWrite } from './one-write.ts'

type BackendFactory = typeof createRedisBackend

type FetchSparinglyDeps = {
  /** The connection of the worker, but for its blocking reads. */
  connection: RedisConnection
  /** Whether a handler of this worker runs. */
  isRunning(): boolean
  dropMarker?: DropMarker | undefined
  /** Whether the end of a job may wait for the next one (held-end.ts). Needs `dropMarker`. */
  holdsEnds: boolean
}

/** What a fetch found. `dueAtMs`: the time of the next delayed job, if no job was found; 0 = none. */
type Found = { hasJob: boolean; dueAtMs: number }

/** The answer of BullMQ's backend when no job waits. */
const NOTHING = [null, undefined, 0, 0]
/** The end of a job that was taken less long ago is awaited: most jobs end sooner. */
const SOON_MS = 3
/** BullMQ's blocking reads last at least about as long. */
const SHORTEST_WAIT_SECONDS = 0.01

/**
 * The first job from an empty queue starts at once: its marker makes the worker fetch again. When a marker comes while
 * a job runs that was just taken, that job's end fetches the next one; if it takes longer than 3 ms, the worker
 * fetches. Every marker is followed by a later fetch, so no job is missed.
 *
 * A job that was taken alone leaves no marker: it is removed in the same write if the queue has no other job. From
 * then on a marker means a new job.
 */
export function fetchingSparingly(createBackend: BackendFactory, deps: FetchSparinglyDeps): BackendFactory {
  const { connection, isRunning, dropMarker, holdsEnds } = deps
  return (name, opts, options) => {
    const backend = createBackend(name, opts, options)
    const take = backend.moveToActive.bind(backend)
    const complete = backend.moveToCompleted.bind(backend)
    const wait = backend.waitForJob.bind(backend)
    const held = createHeldEnd()
    let wasEmpty = false
    let isFirst = false
    let takenAtMs = -Infinity
    /** How many markers were read. */
    let markers = 0
    /** No job waits or is delayed, and there is no marker: a new job makes one, which the blocking read gets. */
    let isEmpty = false
    let isWaiting = false
    /** Set while a marker was read and no fetch has followed it. Called with the result of the fetch at a job's end. */
    let onFetch: ((found: Found | undefined) => void) | undefined

    function note(found: Found): void {
      wasEmpty = !found.hasJob
      if (found.hasJob) takenAtMs = performance.now()
    }

    /** A fetch that is expected to take a lone job: in the same write the marker goes if there is no other. */
    async function fetchAlone<Answer>(fetch: () => Promise<Answer>): Promise<Answer> {
      if (dropMarker === undefined || isRunning()) return fetch()
      const before = markers
      // A marker that remains costs a fetch; a failure here must not lose the job that was taken.
      const [answer, others] = await inOneWrite(connection, fetch, () => dropMarker().catch(() => undefined))
      isEmpty = others === 0 && markers === before
      return answer
    }

    backend.moveToActive = async (token, workerName) => {
      if (isFirst) {
        isFirst = false
        return NOTHING
      }
      const wasIdle = wasEmpty
      isEmpty = false
      const answer = await fetchAlone(() => take(token, workerName))
      const found = foundBy(answer)
      isFirst = found.hasJob && wasIdle
      note(found)
      return answer
    }

    // oxlint-disable-next-line max-params -- BullMQ's own signature
    backend.moveToCompleted = async (job, value, removal, token, fetchNext) => {
      const mayHold = holdsEnds && fetchNext && isEmpty && isWaiting && !held.isHeld()
      const fetches = mayHold ? await held.hold() : fetchNext
      const end = () => complete(job, value, removal, token, fetches)
      if (!fetches) {
        wasEmpty ||= mayHold
        return end()
      }
      // A fetch that was sent before the marker came may have missed the job.
      const notify = onFetch
      try {
        const answer = await (mayHold ? fetchAlone(end) : end())
        const found = foundBy(answer.result)
        if (found.hasJob && !mayHold) isEmpty = false
        note(found)
        notify?.(found)
        return answer
      } catch (error) {
        notify?.(undefined)
        throw error
      }
    }

    /** Resolves when a fetch at a job's end makes another one needless. undefined: the worker has to fetch. */
    function laterFetch(): Promise<Found | undefined> {
      const leftMs = held.isHeld() ? SOON_MS : takenAtMs + SOON_MS - performance.now()
      if (leftMs <= 0 || !(isRunning() || held.isHeld())) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        const end = (found: Found | undefined) => {
          clearTimeout(timer)
          onFetch = undefined
          resolve(found)
        }
        const timer = setTimeout(end, leftMs, undefined)
        onFetch = (found) => {
          // After a job that was not alone, others may wait.
          if (found === undefined || !found.hasJob || isEmpty) end(found)
        }
        held.release()
      })
    }

    backend.waitForJob = async (timeoutSeconds) => {
      isFirst = false
      const endMs = performance.now() + timeoutSeconds * 1000
      for (let leftSeconds = timeoutSeconds; ; leftSeconds = (endMs - performance.now()) / 1000) {
        isWaiting = true
        const marker = await wait(Math.max(leftSeconds, SHORTEST_WAIT_SECONDS)).finally(() => (isWaiting = false))
        markers += 1
        isEmpty = false
        // A score above 0 is the time of a delayed job.
        if (marker === null || marker.score > 0) return marker
        const found = await laterFetch()
        if (found === undefined) return marker
        if (found.dueAtMs > 0) return { ...marker, score: found.dueAtMs }
      }
    }
    return backend
  }
}

function foundBy(result: unknown): Found {
  const [job, , , dueAtMs] = Array.isArray(result) ? result : []
  return { hasJob: Boolean(job), dueAtMs: job ? 0 : Number(dueAtMs ?? 0) }
}
