// Owns: waiting for work no longer than there is time. The work itself is not ended: it may be carried out all the same.
import { afterReading } from './after-reading.ts'

/** undefined: it takes longer than `ms`. Rejects as `work` does before that; a later failure is not reported. */
export function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = afterReading(ms, () => resolve(undefined))
    const leave = () => clearTimeout(timer)
    work.then((value) => (leave(), resolve(value)), (error: unknown) => (leave(), reject(error)))
  })
}

/** As `within`, but rejects with `late` when the work takes longer. */
export function inTime<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = afterReading(ms, () => reject(late()))
    const leave = () => clearTimeout(timer)
    work.then((value) => (leave(), resolve(value)), (error: unknown) => (leave(), reject(error)))
  })
}
