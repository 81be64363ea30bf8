// Owns: delays that resolve early when the simulator closes, so that no timer outlives it.

export type Pauses = {
  /** Resolves after `ms`, or at once when closed. */
  pause(ms: number): Promise<void>
  /** Loops must check it: once closed, `pause` resolves at once. */
  readonly closed: boolean
  close(): void
}

export function createPauses(): Pauses {
  // Not an AbortSignal: Node warns of a leak when one has thousands of listeners.
  const waiting = new Map<NodeJS.Timeout, () => void>()
  let closed = false

  return {
    pause: (ms) => {
      if (ms <= 0 || closed) return Promise.resolve()
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(timer)
          resolve()
        }, ms)
        waiting.set(timer, resolve)
      })
    },
    get closed() {
      return closed
    },
    close() {
      closed = true
      for (const [timer, resolve] of waiting) {
        clearTimeout(timer)
        resolve()
      }
      waiting.clear()
    },
  }
}
