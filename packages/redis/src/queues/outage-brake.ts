// Owns: keeping a worker from asking a refusing Redis ten thousand times a second (measured, at maxmemory).
import { storeErrorCode } from '../store-errors.ts'

type Pausable = {
  pause(doNotWaitActive?: boolean): Promise<void>
  resume(): Promise<void>
}

export type OutageBrake = {
  onError: (error: unknown) => void
  /** A job was taken: the store is well again. */
  onProgress: () => void
  stop: () => void
}

/** Refusals that last, and that BullMQ's loop meets with the next try at once. */
const LASTING = new Set(['OOM', 'READONLY', 'MISCONF', 'NOPERM', 'NOAUTH', 'LOADING', 'MASTERDOWN', 'NOREPLICAS', 'CLUSTERDOWN', 'BUSY'])
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/** Pauses for 1 s, 2 s, 4 s … 30 s after each refusal, until a job is taken. Running jobs go on. */
export function createOutageBrake(worker: Pausable): OutageBrake {
  let pauseMs = FIRST_PAUSE_MS
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  return {
    onError(error) {
      if (stopped || timer || !LASTING.has(storeErrorCode(error))) return
      timer = setTimeout(() => {
        timer = undefined
        // Reports its own failures as 'error' events, as pause does.
        void worker.resume()
      }, pauseMs)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      void worker.pause(true)
    },
    onProgress() {
      pauseMs = FIRST_PAUSE_MS
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      timer = undefined
    },
  }
}
