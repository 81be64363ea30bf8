// Owns: how a worker waits for jobs without a connection of its own: in the process, until somebody who knows of a job
// wakes it.
import type { createRedisBackend } from 'bullmq'

type BackendFactory = typeof createRedisBackend
type Marker = { member: string; score: number }

export type WakeUp = {
  /** The worker looks into its queue: at once when it waits, else as soon as it would wait. */
  wake(): void
  /**
   * Resolves when the worker is to look, at the latest after `timeoutMs`; with a marker in the far future it takes
   * nothing.
   */
  wait(timeoutMs: number): Promise<Marker | null>
  /** Ends the wait, and each that follows, without another look. */
  end(): void
}

/** BullMQ takes a marker's score for the time of the next job. */
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

/** A worker with this backend opens no connection: BullMQ's would block in Redis, one for each queue. */
export function waitingInProcess(createBackend: BackendFactory, wakeUp: WakeUp): BackendFactory {
  return (name, opts, options) => {
    const backend = createBackend(name, opts, { ...options, withBlockingConnection: false })
    backend.waitForJob = (timeoutSeconds) => wakeUp.wait(timeoutSeconds * 1000)
    backend.disconnectBlocking = async () => wakeUp.end()
    return backend
  }
}
