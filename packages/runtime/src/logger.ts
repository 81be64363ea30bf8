// Owns: the process' logger: pino, JSON lines to stdout, with nothing in them that error-fields.ts does not let
// through.
import { createLogBrake } from '@wxgw/wechat-core'
import { pino, type Logger } from 'pino'
import type { Config } from './config/config.ts'
import { errorFields, loggableFields, maskText } from './error-fields.ts'
import { createLogSink, type LogSink } from './log-sink.ts'

export type { Logger }

const WARN = pino.levels.values['warn'] ?? 40
/** Of one cause: however often it strikes, it does not fill the log. */
const WARNINGS_PER_SECOND = 10

type LoggerOptions = {
  level: Config['logLevel']
  name: string
  sink?: LogSink
  /** A clock of which only differences count. Default: the process' own. */
  nowMs?: (() => number) | undefined
}

/**
 * `name` is the process' (`ingress`, `worker`). Errors may stand under any field: only type, code, errcode, message and
 * causes of the same form are printed, token-like runs masked; stacks from level `debug` on. Satisfies `Log` and
 * Fastify's `loggerInstance`.
 */
export function createLogger({ level, name, sink = createLogSink(), nowMs }: LoggerOptions): Logger {
  const withStack = level === 'debug' || level === 'trace'
  // Lines below `warn` are units of work, and pass as they are.
  const brake = createLogBrake({ perSecond: WARNINGS_PER_SECOND, nowMs })
  return pino(
    {
      level,
      name,
      formatters: {
        bindings: (bindings) => loggableFields(bindings, withStack),
        log: (fields) => loggableFields(withoutRequests(fields), withStack),
      },
      // Lines come here through the formatter, the bindings of a child do not. pino's own serializers would print all
      // there is.
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

/** What, where, and by which code: who and when vary with each line. */
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

// Libraries log an error's text as the message, pino does so when there is none; our own messages are fixed and pass as
// they are.
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

// Fastify logs its request and reply whole; of them these few are wanted, the URL is not.
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
