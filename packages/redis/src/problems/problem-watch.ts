// Owns: the reason why Redis cannot be used, for the log and for checks, with a bounded rate of lines and of diagnoses.
import { setTimeout as delay } from 'node:timers/promises'
import type { RedisSettings } from '@wxgw/contracts'
import { createErrorLog, type WarnLog } from '../queues/error-log.ts'
import { storeErrorCode } from '../store-errors.ts'
import { diagnoseRedis } from './diagnose.ts'
import { explainRedisError, type RedisProblem } from './explain-error.ts'

export type ProblemWatch = {
  /** Logs `redis.failed` with `role`, `code` and `reason`, at most once a second per code. */
  onError(role: string, error: unknown): void
  /** The meaning of this error, in a sentence that may be public. Never rejects; takes a second at most. */
  explain(error: unknown): Promise<string>
}

/** Calls within this time share one diagnosis. */
const DIAGNOSIS_HOLDS_MS = 2_000
/** How long a found problem is answered while a later diagnosis runs. */
const FOUND_HOLDS_MS = 30_000
const EXPLAINED_WITHIN_MS = 1_000

/** Codes with several causes, or that concern one server of several: only a diagnosis of the servers finds which. */
const AMBIGUOUS = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'Error',
  'ClusterAllFailedError',
  'MaxRetriesPerRequestError',
  'AbortError',
])

type Deps = { settings: RedisSettings; log: WarnLog; diagnose?: typeof diagnoseRedis }

export function createProblemWatch({ settings, log, diagnose = diagnoseRedis }: Deps): ProblemWatch {
  const logs = new Map<string, ReturnType<typeof createErrorLog>>()
  /** The result of the last diagnosis, which is answered while the next one runs. */
  let found: { problem: RedisProblem; atMs: number } | undefined
  let diagnosis: { startedAtMs: number; found: Promise<RedisProblem | undefined> } | undefined

  function diagnosed(): Promise<RedisProblem | undefined> {
    const nowMs = performance.now()
    if (!diagnosis || nowMs - diagnosis.startedAtMs > DIAGNOSIS_HOLDS_MS) {
      diagnosis = { startedAtMs: nowMs, found: diagnose(settings) }
      void diagnosis.found.then((problem) => {
        if (problem) found = { problem, atMs: performance.now() }
      })
    }
    return diagnosis.found
  }

  const lately = () => (found && performance.now() - found.atMs < FOUND_HOLDS_MS ? found.problem : undefined)

  async function problemOf(error: unknown): Promise<RedisProblem> {
    const code = storeErrorCode(error)
    const explained = explainRedisError(error)
    const isOneOfSeveral = settings.mode !== 'standalone' && code === 'ECONNREFUSED'
    if (explained && !isOneOfSeveral && !AMBIGUOUS.has(code)) return explained
    const problem = (await diagnosed()) ?? explained
    return problem ?? { code, reason: 'the connection was lost; a new one is answered' }
  }

  function logOf(role: string): ReturnType<typeof createErrorLog> {
    const known = logs.get(role) ?? createErrorLog(log, 'redis.failed', { role })
    logs.set(role, known)
    return known
  }

  return {
    onError(role, error) {
      void problemOf(error).then(logOf(role))
    },
    async explain(error) {
      const waited = new AbortController()
      const late = delay(EXPLAINED_WITHIN_MS, undefined, { signal: waited.signal }).catch(() => undefined)
      const problem = await Promise.race([problemOf(error), late])
      waited.abort()
      return problem?.reason ?? lately()?.reason ?? explainRedisError(error)?.reason ?? 'the servers do not answer'
    },
  }
}
