// Owns: the process' logger: pino, JSON lines to stdout, filtered by error-fields.ts.
import { createLogBrake } from '@wxgw/wechat-core'
import { pino, type Logger } from 'pino'
import type { Config } from './config/config.ts'
import { errorFields, loggableFields, maskText } from './error-fields.ts'
import { createLogSink, type LogSink } from './log-sink.ts'

export type { Logger }

const WARN = pino.levels.values['warn'] ?? 40
/** Lines of one cause, so that a frequent one does not fill the log. */
const WARNINGS_PER_SECOND = 10

type LoggerOptions = {
  level: Config['logLevel']
  name: string
  sink?: LogSink
  /** Monotonic. Default: performance.now. */
  nowMs?: (() => number) | undefined
}

/**
 * `name` is the process' (`ingress`, `worker`). Errors may stand under any field: only type, code, errcode, message and
 * causes of the same form are printed, token-like runs masked; stacks from level `debug` on. Satisfies `Log` and
 * Fastify's `loggerInstance`.
 */
export function createLogger({ level, name, sink = createLogSink(), nowMs }: LoggerOptions): Logger {
  const withStack = level === 'debug' || level === 'trace'
  // Lines below `warn` are one per unit of work, and pass unlimited.
  const brake = createLogBrake({ perSecond: WARNINGS_PER_SECOND, nowMs })
  return pino(
    {
      level,
      name,
      formatters: {
        bindings: (bindings) => loggableFields(bindings, withStack),
        log: (fields) => loggableFields(withoutRequests(fields), withStack),
      },
      // The formatter handles lines, but not the bindings of a child. pino's own serializers would print every field.
      serializers: {
        err: (err: unknown) => (err instanceof Error ? errorFields(err, { withStack }) : err),
        req: requestFields,
        res: replyFields,
      },
      hooks: {
        logMethod(args, method, lineLevel) {
          const admitted = lineLevel < WARN ? { leftOut: 0 } : brake.admit(causeOf(args))
          if (admitted) method.apply(this, withSafeMessage(withCount(args, admitted), withStack))
        },
      },
    },
    sink,
  )
}

/** Message, place and error code. Ids and times are left out, because they differ on each line. */
function causeOf([first, message]: readonly unknown[]): string {
  if (!isObject(first)) return String(first)
  const error = first instanceof Error ? first : first['err']
  const code = isObject(error) ? error['code'] : first['code']
  return [message, code, first['queue'], first['role'], first['route']].join(' ')
}

function withCount<Args extends readonly unknown[]>(args: Args, { leftOut }: { leftOut: number }): Args {
  const [first, ...rest] = args
  if (leftOut === 0 || !isObject(first) || first instanceof Error) return args
  return [{ ...first, leftOut }, ...rest] as unknown as Args
}

// Libraries log an error's text as the message, and pino does so when there is none. Our own messages are fixed texts
// and pass unchanged.
function withSafeMessage<Args extends readonly unknown[]>(args: Args, withStack: boolean): Args {
  const [first, ...rest] = args
  const texts = rest.map((text) => (typeof text === 'string' ? maskText(text) : text))
  const error = first instanceof Error ? first : isObject(first) ? first['err'] : undefined
  if (error instanceof Error && texts.length === 0) texts.push(maskText(error.message))
  const fields =
    first instanceof Error
      ? { err: errorFields(first, { withStack }) }
      : typeof first === 'string'
        ? maskText(first)
        : first
  return [fields, ...texts] as unknown as Args
}

// Fastify logs its whole request and reply. Keeps a few fields, not the URL.
function withoutRequests(fields: Record<string, unknown>): Record<string, unknown> {
  const { req, res, ...rest } = fields
  return {
    ...rest,
    ...(req === undefined ? {} : { req: requestFields(req) }),
    ...(res === undefined ? {} : { res: replyFields(res) }),
  }
}

function requestFields(req: unknown) {
  if (!isObject(req)) return undefined
  const { id, method, route, routeOptions } = req
  return { id, method, route: isObject(routeOptions) ? routeOptions['url'] : route }
}

function replyFields(res: unknown) {
  return isObject(res) ? { statusCode: res['statusCode'] } : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
