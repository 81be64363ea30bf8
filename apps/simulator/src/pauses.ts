// Owns: waiting that ends early, without an error, when the simulator closes, so that no timer outlives it.

export type Pauses = {
  /** Resolves after `ms`, or at once when closed. */
  pause(ms: number): Promise<void>
  /** Whoever waits in a loop must end it then: pauses take no time any more. */
  readonly closed: boolean
  close(): void
}

export function createPauses(): Pauses {
  // Not an AbortSignal: with a listener for each of those who wait, Node takes thousands of them for a leak.
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
