// Owns: how a worker waits for jobs without a connection of its own: in the process, until `wake` is called.
import type { createRedisBackend } from 'bullmq'

type BackendFactory = typeof createRedisBackend
type Marker = { member: string; score: number }

export type WakeUp = {
  /** Makes the worker fetch: at once when it waits, otherwise as soon as it would wait. */
  wake(): void
  /**
   * Resolves when the worker is to fetch, at the latest after `timeoutMs`. With a marker in the far future it fetches
   * nothing.
   */
  wait(timeoutMs: number): Promise<Marker | null>
  /** Ends this wait and all later ones, without another fetch. */
  end(): void
}

/** BullMQ reads a marker's score as the time of the next job. */
const NEVER: Marker = { member: '', score: Number.MAX_SAFE_INTEGER }

export function createWakeUp(): WakeUp {
  let isAsked = false
  let hasEnded = false
  let resume: (() => void) | undefined

  return {
    wake() {
      isAsked = true
      resume?.()
    },
    end() {
      hasEnded = true
      resume?.()
    },
    async wait(timeoutMs) {
      if (!isAsked && !hasEnded) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs)
          resume = () => {
            clearTimeout(timer)
            resolve()
          }
        })
        resume = undefined
      }
      isAsked = false
      return hasEnded ? NEVER : null
    },
  }
}

/** A worker with this backend opens no connection. BullMQ's own backend blocks one connection per queue. */
export function waitingInProcess(createBackend: BackendFactory, wakeUp: WakeUp): BackendFactory {
  return (name, opts, options) => {
    const backend = createBackend(name, opts, { ...options, withBlockingConnection: false })
    backend.waitForJob = (timeoutSeconds) => wakeUp.wait(timeoutSeconds * 1000)
    backend.disconnectBlocking = async () => wakeUp.end()
    return backend
  }
}
