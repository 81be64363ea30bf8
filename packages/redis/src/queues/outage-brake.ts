// Owns: the backoff of a worker whose Redis refuses commands. Without it BullMQ retries ten thousand times a second
// (measured at maxmemory).
import { backoffMs } from '@wxgw/wechat-core'
import { storeErrorCode } from '../store-errors.ts'

type Pausable = {
  pause(doNotWaitActive?: boolean): Promise<void>
  resume(): Promise<void>
}

export type OutageBrake = {
  onError: (error: unknown) => void
  /** A job was taken: Redis accepts commands again. */
  onProgress: () => void
  stop: () => void
}

/** Lasting refusals, after which BullMQ's loop would retry at once. */
const LASTING = new Set([
  'OOM',
  'READONLY',
  'MISCONF',
  'NOPERM',
  'NOAUTH',
  'LOADING',
  'MASTERDOWN',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'BUSY',
])
const FIRST_PAUSE_MS = 1_000
/** The longest pause: no load for Redis, and a short wait once it accepts commands again. */
const LONGEST_PAUSE_MS = 5_000

/** After the n-th refusal in a row, n from 1: 1 s, 2 s, 4 s, 5 s, 5 s … */
export function outagePauseMs(refusals: number): number {
  return backoffMs(refusals - 1, { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
}

/** Pauses the worker after each refusal, longer each time, until a job is taken. Running jobs go on. */
export function createOutageBrake(worker: Pausable): OutageBrake {
  let refusals = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  return {
    onError(error) {
      if (stopped || timer || !LASTING.has(storeErrorCode(error))) return
      refusals += 1
      timer = setTimeout(() => {
        timer = undefined
        // It emits its failures as 'error' events, as pause does.
        void worker.resume()
      }, outagePauseMs(refusals))
      void worker.pause(true)
    },
    onProgress() {
      refusals = 0
    },
    stop() {
      stopped = true
      clearTimeout(timer)
      timer = undefined
    },
  }
}
