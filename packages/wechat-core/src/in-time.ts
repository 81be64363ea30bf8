// Owns: waiting for work within a time. The work itself is not cancelled: it may still complete.
import { afterReading } from './after-reading.ts'

/** undefined: it takes longer than `ms`. Rejects as `work` does before that; a later failure is not reported. */
export function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return settled<T, undefined>(ms, work, (resolve) => resolve(undefined))
}

/** As `within`, but rejects with `late` when the work takes longer. */
export function inTime<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return settled<T, never>(ms, work, (_resolve, reject) => reject(late()))
}

type WhenLate<U> = (resolve: (value: U) => void, reject: (error: Error) => void) => void

/** `whenLate` settles the promise when the work takes longer than `ms`. */
function settled<T, U>(ms: number, work: Promise<T>, whenLate: WhenLate<U>): Promise<T | U> {
  return new Promise((resolve, reject) => {
    const timer = afterReading(ms, () => whenLate(resolve, reject))
    const leave = () => clearTimeout(timer)
    work.then(
      (value) => (leave(), resolve(value)),
      (error: unknown) => (leave(), reject(error)),
    )
  })
}
