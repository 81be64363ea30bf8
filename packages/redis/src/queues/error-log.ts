// Owns: saying that a connection or a queue fails, without drowning the log in it.
import { explainRedisError, type RedisProblem } from '../problems/explain-error.ts'
import { storeErrorCode } from '../store-errors.ts'

/** The part of the logger that this package uses; the runtime's satisfies it. */
export type WarnLog = { warn(fields: Record<string, unknown>, message: string): void }

const QUIET_MS = 1_000

/**
 * At most one line a second per code, with the number of those that were left out. Never the error itself: it holds arguments.
 * A problem that is known already is logged as it is.
 */
export function createErrorLog(log: WarnLog, message: string, fields: Record<string, unknown> = {}): (error: unknown) => void {
  const causes = new Map<string, { quietUntilMs: number; leftOut: number }>()
  return (error) => {
    const { code, ...problem } = isProblem(error) ? error : (explainRedisError(error) ?? { code: storeErrorCode(error) })
    const now = performance.now()
    const known = causes.get(code)
    if (known && now < known.quietUntilMs) {
      known.leftOut += 1
      return
    }
    causes.set(code, { quietUntilMs: now + QUIET_MS, leftOut: 0 })
    log.warn({ ...fields, code, ...problem, ...(known && known.leftOut > 0 ? { leftOut: known.leftOut } : {}) }, message)
  }
}

function isProblem(error: unknown): error is RedisProblem {
  return typeof error === 'object' && error !== null && !(error instanceof Error) && 'reason' in error && 'code' in error
}
