// Owns: the log of API calls. It counts all of them, and keeps the latest.

export type ApiCall = {
  /** The end of the path, as `api_authorizer_token` or `message/custom/send`. */
  api: string
  /** The account that the call is about, else the component, else undefined. */
  appId: string | undefined
  /** ISO 8601, in WeChat's time. */
  at: string
  /** 0: success. null: not answered yet, or the answer has no errcode. */
  errcode: number | null
  /** null: not answered yet, or the connection was reset. */
  httpStatus: number | null
  ms: number | null
  /** The JSON body, with `[secret]` for secrets, tickets, tokens and codes. */
  body: Record<string, unknown>
  /** Id of the fault that was applied. */
  faultId: string | undefined
}

type OpenCall = { call: ApiCall; close(answer: { errcode: number | null; httpStatus: number | null }): void }

export type CallLog = {
  open(call: Pick<ApiCall, 'api' | 'appId' | 'at' | 'body' | 'faultId'>): OpenCall
  /** Oldest first. */
  readonly recent: readonly ApiCall[]
  /** Since the start or `clear`, open calls included. */
  count(api: string, appId?: string): number
  /** The highest number of concurrent calls, of all accounts or of one. */
  peakConcurrency(api: string, appId?: string): number
  clear(): void
}

const MAX_KEPT = 10_000
const SECRET_FIELD = /secret|ticket|token|code$/i

export function createCallLog(): CallLog {
  const recent: ApiCall[] = []
  const counters = new Map<string, { total: number; open: number; peak: number }>()

  function counter(key: string) {
    const known = counters.get(key) ?? { total: 0, open: 0, peak: 0 }
    counters.set(key, known)
    return known
  }

  return {
    recent,
    open: ({ api, appId, at, body, faultId }) => {
      const startedAt = performance.now()
      const call: ApiCall = { api, appId, at, errcode: null, httpStatus: null, ms: null, body: redacted(body), faultId }
      recent.push(call)
      // Trims in batches: a shift per call would be slow.
      if (recent.length > MAX_KEPT * 1.1) recent.splice(0, recent.length - MAX_KEPT)
      // A set: both are the same counter for a call without appid.
      const touched = new Set([counter(api), counter(keyOf(api, appId))])
      for (const one of touched) {
        one.total += 1
        one.open += 1
        one.peak = Math.max(one.peak, one.open)
      }
      return {
        call,
        close: ({ errcode, httpStatus }) => {
          call.errcode = errcode
          call.httpStatus = httpStatus
          call.ms = Math.round(performance.now() - startedAt)
          for (const one of touched) one.open -= 1
        },
      }
    },
    count: (api, appId) => counters.get(keyOf(api, appId))?.total ?? 0,
    peakConcurrency: (api, appId) => counters.get(keyOf(api, appId))?.peak ?? 0,
    clear: () => {
      recent.length = 0
      for (const one of counters.values()) {
        one.total = 0
        one.peak = one.open
      }
    },
  }
}

function keyOf(api: string, appId: string | undefined): string {
  return appId === undefined ? api : `${api} ${appId}`
}

function redacted(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, SECRET_FIELD.test(name) && value !== '' ? '[secret]' : value]),
  )
}
