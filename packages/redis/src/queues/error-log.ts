// Owns: logging the failures of a connection or a queue, at most one line a second per code.
import { createLogBrake } from '@wxgw/wechat-core'
import { explainRedisError, type RedisProblem } from '../problems/explain-error.ts'
import { storeErrorCode } from '../store-errors.ts'

/** The part of the logger that this package uses; the runtime's satisfies it. */
export type WarnLog = { warn(fields: Record<string, unknown>, message: string): void }

/**
 * A line has the number of lines that were left out. The error itself is never logged, because it contains arguments. A
 * problem that was explained already is logged as it is.
 */
export function createErrorLog(
  log: WarnLog,
  message: string,
  fields: Record<string, unknown> = {},
): (error: unknown) => void {
  const brake = createLogBrake({ perSecond: 1 })
  return (error) => {
    const { code, ...problem } = isProblem(error)
      ? error
      : (explainRedisError(error) ?? { code: storeErrorCode(error) })
    const admitted = brake.admit(code)
    if (!admitted) return
    const { leftOut } = admitted
    log.warn({ ...fields, code, ...problem, ...(leftOut > 0 ? { leftOut } : {}) }, message)
  }
}

function isProblem(error: unknown): error is RedisProblem {
  return (
    typeof error === 'object' && error !== null && !(error instanceof Error) && 'reason' in error && 'code' in error
  )
}
