// Owns: telling work to stop, where there are thousands of works a second: an AbortController costs as much as a tenth
// of one.

/** An AbortSignal is one, too. */
export type StopSignal = {
  readonly aborted: boolean
  readonly reason: unknown
  /** Called once, when it is told to stop; not when it was told before. Must not throw. */
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** An AbortController and its signal in one. */
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

  /** On repeat nothing. */
  abort(reason: Error): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    // Whoever is removed by another is not called any more.
    for (const listener of this.#listeners ?? []) listener()
    this.#listeners = undefined
  }
}
