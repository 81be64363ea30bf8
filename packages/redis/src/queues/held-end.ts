// Owns: holding back the end of one job until the next job comes: then one call ends the first and takes the second.

export type HeldEnd = {
  isHeld(): boolean
  /** Resolves with true when it is released, with false when the time is over. One at a time. */
  hold(): Promise<boolean>
  /** True: an end was held. */
  release(): boolean
}

/**
 * Until then the job counts as running: if the process is killed, the job runs again. Its messages are delivered and
 * recorded, so nothing is repeated.
 */
const HOLD_MS = 20

export function createHeldEnd(): HeldEnd {
  let end: ((isReleased: boolean) => void) | undefined

  return {
    isHeld: () => end !== undefined,
    hold: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => end?.(false), HOLD_MS)
        end = (isReleased) => {
          clearTimeout(timer)
          end = undefined
          resolve(isReleased)
        }
      }),
    release() {
      const isHeld = end !== undefined
      end?.(true)
      return isHeld
    },
  }
}
