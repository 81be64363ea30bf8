// Owns: saying that a connection or a queue fails, without drowning the log in it.
import { storeErrorCode } from '../store-errors.ts'

/** The part of the logger that this package uses; the runtime's satisfies it. */
export type WarnLog = { warn(fields: Record<string, unknown>, message: string): void }

const QUIET_MS = 1_000

/** At most one line a second per cause, with the number of those that were left out. Never the error itself: it holds arguments. */
export function createErrorLog(log: WarnLog, message: string, fields: Record<string, unknown> = {}): (error: unknown) => void {
  const causes = new Map<string, { quietUntilMs: number; leftOut: number }>()
  return (error) => {
    const code = storeErrorCode(error)
    const now = performance.now()
    const known = causes.get(code)
    if (known && now < known.quietUntilMs) {
      known.leftOut += 1
      return
    }
    causes.set(code, { quietUntilMs: now + QUIET_MS, leftOut: 0 })
    log.warn({ ...fields, code, ...(known && known.leftOut > 0 ? { leftOut: known.leftOut } : {}) }, message)
  }
}
