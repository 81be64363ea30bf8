// Owns: the audit line and the metrics of each call when it is over. No query, no body, no token.
import type { RefusedCall } from '@wxgw/contracts'
import type { RecentEntries } from '@wxgw/redis'
import type { Log, Metrics } from '@wxgw/runtime'
import { classifyErrcode, type Clock } from '@wxgw/wechat-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuditLog } from '../auth/audit-log.ts'
import { whenOver } from '../http/request-over.ts'
import type { Findings } from './admit-call.ts'
import { knownApi } from './known-apis.ts'
import { comparable } from './call-url.ts'

/** Filled in while the call is worked on. */
export type CallRecord = Findings & {
  platform?: string
  errcode?: number | undefined
  rid?: string | undefined
  attempts?: number
}

export type CallObserver = {
  /** Call it once, before the first check. */
  begin(request: FastifyRequest, reply: FastifyReply): CallRecord
}

const MAX_PATH_LENGTH = 256

type Deps = {
  log: Log
  metrics?: Metrics | undefined
  /** Stores the calls that WeChat refused. */
  refusedCalls?: Pick<RecentEntries<RefusedCall>, 'note'> | undefined
  auditLog?: AuditLog | undefined
  clock: Clock
}

export function createCallObserver({ log, metrics, refusedCalls, auditLog, clock }: Deps): CallObserver {
  const instruments = metrics && createInstruments(metrics)

  return {
    begin(request, reply) {
      const record: CallRecord = {}
      const startedAt = performance.now()
      whenOver(request.raw, reply.raw, () => {
        const ms = Math.round(performance.now() - startedAt)
        const { caller, appId, path, errcode, rid } = record
        const { refusedWith: code } = request
        // None when the client disconnected before the answer began.
        const status = reply.raw.headersSent ? reply.raw.statusCode : undefined
        log.info(
          {
            caller: caller?.name,
            platform: record.platform,
            appid: appId,
            path: path?.slice(0, MAX_PATH_LENGTH),
            status,
            errcode,
            rid,
            ms,
            code,
            attempts: record.attempts,
            requestId: request.id,
          },
          'api.called',
        )
        auditLog?.note(request, reply, { platform: record.platform, authorizer: appId })
        if (errcode !== undefined && errcode !== 0 && path !== undefined) {
          refusedCalls?.note({
            atMs: clock.nowMs(),
            platform: record.platform ?? '',
            authorizer: appId ?? null,
            caller: caller?.name ?? null,
            path: path.slice(0, MAX_PATH_LENGTH),
            status: status ?? null,
            errcode,
            rid: rid ?? null,
            durationMs: ms,
            requestId: request.id,
          })
        }
        const label = knownApi(comparable(path ?? ''))?.path ?? 'other'
        instruments?.calls.inc({ path: label, outcome: outcomeOf({ code, errcode, status }) })
        instruments?.seconds.observe({ path: label }, ms / 1000)
      })
      return record
    },
  }
}

type Ending = { code: string | undefined; errcode: number | undefined; status: number | undefined }

/** A label with few values: our error code, the kind of WeChat's errcode, or ok/http-error. */
function outcomeOf({ code, errcode, status }: Ending): string {
  if (code !== undefined) return code
  if (errcode !== undefined) return classifyErrcode(errcode)
  if (status === undefined) return 'client-gone'
  return status < 400 ? 'ok' : 'http-error'
}

function createInstruments(metrics: Metrics) {
  return {
    calls: metrics.counter({
      name: 'wxgw_api_calls_total',
      help: "Calls of WeChat's APIs for callers, by path of the catalogue, and by the kind of WeChat's errcode or our own code",
      labels: ['path', 'outcome'],
    }),
    seconds: metrics.histogram({
      name: 'wxgw_api_call_seconds',
      help: "Calls of WeChat's APIs for callers, from their headers to the end of the answer",
      labels: ['path'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60],
    }),
  }
}
