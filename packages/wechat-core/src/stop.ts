// Owns: a cheap abort signal for work that happens thousands of times a second: an AbortController would cost a tenth
// of it.

/** An AbortSignal satisfies it. */
export type StopSignal = {
  readonly aborted: boolean
  readonly reason: unknown
  /** Calls the listener once, at a later abort. The listener must not throw. */
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** AbortController and signal in one. */
export class Stop implements StopSignal {
  aborted = false
  reason: unknown = undefined
  #listeners: Set<() => void> | undefined

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.aborted) return
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
  }

  /** A repeated call does nothing. */
  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    // A listener that another one removes is not called.
    for (const listener of this.#listeners ?? []) listener()
    this.#listeners = undefined
  }
}
