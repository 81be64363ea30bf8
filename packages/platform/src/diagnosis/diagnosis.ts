// Owns: the shape of a diagnosis, and running its checks, each with its own time-out.
import { setTimeout as delay } from 'node:timers/promises'
import { isStoreAway } from '@wxgw/wechat-core'

export type Text = { zh: string; en: string }

/** Contains no secret. */
export type Finding = { status: 'ok' | 'warning' | 'problem'; what: Text; whatToDo: Text | null }

export type DiagnosisCheck = {
  id: string
  /** null: about the whole gateway. */
  platform: string | null
  title: Text
  find(): Promise<Finding>
}

export type Diagnosis = Omit<DiagnosisCheck, 'find'> & Finding

const CHECK_TIMEOUT_MS = 3_000

/** All at once; never rejects, and takes 3 s at most. */
export function diagnose(checks: readonly DiagnosisCheck[]): Promise<Diagnosis[]> {
  return Promise.all(checks.map(async ({ find, ...check }) => ({ ...check, ...(await findInTime(find)) })))
}

export function ok(what: Text): Finding {
  return { status: 'ok', what, whatToDo: null }
}

async function findInTime(find: () => Promise<Finding>): Promise<Finding> {
  const timeout = new AbortController()
  const late = delay(CHECK_TIMEOUT_MS, LATE, { signal: timeout.signal })
  // It rejects when it is aborted below: that is expected.
  late.catch(() => undefined)
  try {
    return await Promise.race([find(), late])
  } catch (error) {
    // An error's text may contain anything, so it is not shown.
    return isStoreAway(error) ? STORE_AWAY : FAILED
  } finally {
    timeout.abort()
  }
}

const SEE_LOG: Text = { zh: '查看网关日志与运维文档', en: "See the gateway's log and docs/operations.md" }
const LATE: Finding = {
  status: 'warning',
  what: { zh: `${CHECK_TIMEOUT_MS / 1000} 秒内没有结果`, en: `no result within ${CHECK_TIMEOUT_MS / 1000} s` },
  whatToDo: SEE_LOG,
}
const FAILED: Finding = { status: 'warning', what: { zh: '检查没有完成', en: 'the check failed' }, whatToDo: SEE_LOG }
const STORE_AWAY: Finding = {
  status: 'warning',
  what: { zh: 'Redis 不可用，无法检查', en: 'cannot be checked while Redis is away' },
  whatToDo: { zh: '先处理 Redis', en: 'Bring Redis back first' },
}

/** Caches the finding for `ms`. Concurrent calls share one run. */
export function atMostEvery<T>(ms: number, find: () => Promise<T>): () => Promise<T> {
  let last: { atMs: number; found: Promise<T> } | undefined
  return () => {
    const nowMs = performance.now()
    if (!last || nowMs - last.atMs >= ms) last = { atMs: nowMs, found: find() }
    return last.found
  }
}
