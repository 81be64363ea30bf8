// Owns: answering and logging thrown errors, on both listeners. packages/runtime has the table of statuses.
import { GatewayError, type ErrorCode } from '@wxgw/wechat-core'
import { endUnread, type ErrorAnswer, errorAnswer, errorBody, type Log } from '@wxgw/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { asPage } from './pages/answer-page.ts'
import { errorPage } from './pages/error-page.ts'
import { visitorOf } from './pages/visitor.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the error that answered this request. */
    refusedWith: ErrorCode | undefined
  }
}

type Deps = { log: Log }
type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

/** Answers as JSON. */
export function createErrorHandler(deps: Deps): ErrorHandler {
  return (error, request, reply) => {
    const answer = refuse(deps, { error, request, reply })
    return reply.type('application/json; charset=utf-8').serializer(JSON.stringify).send(errorBody(answer, request.id))
  }
}

/** As createErrorHandler, but a page to a browser. */
export function createPageErrorHandler(deps: Deps): ErrorHandler {
  const asJson = createErrorHandler(deps)
  return (error, request, reply) => {
    if (!wantsPage(request)) return asJson(error, request, reply)
    const answer = refuse(deps, { error, request, reply })
    const { language } = visitorOf(request)
    const page = errorPage({ answer, requestId: request.id, language, wayBack: wayBackOf(request) })
    return asPage(reply, language).send(page)
  }
}

export function notFound(): never {
  throw new GatewayError('ROUTE_NOT_FOUND', 'there is no such route')
}

/** Set before anything can fail: Fastify's own refusals run no hook. */
export function setCommonHeaders(reply: FastifyReply): void {
  reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
}

function wantsPage({ headers: { accept = '' }, routeOptions }: FastifyRequest): boolean {
  return accept.includes('text/html') || (routeOptions.config.isPage === true && !accept.includes('json'))
}

function wayBackOf({ routeOptions, params, url }: FastifyRequest): string | undefined {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : ''
  return routeOptions.config.wayBack?.(params as Readonly<Record<string, string>>, query)
}

/** Status, headers and log line: everything but the body. */
function refuse(
  deps: Deps,
  { error, request, reply }: { error: unknown; request: FastifyRequest; reply: FastifyReply },
): ErrorAnswer {
  const answer = errorAnswer(error)
  request.refusedWith = answer.code
  setCommonHeaders(reply)
  // The header tells our own errors from WeChat's answers to a proxied call.
  reply.code(answer.statusCode).header('x-gateway-error', answer.code)
  if (answer.retryAfterSeconds !== undefined)
    reply.header('retry-after', Math.max(1, Math.ceil(answer.retryAfterSeconds)))
  if (endUnread(request.raw)) {
    reply.header('connection', 'close')
  } else {
    // Fastify closes the connection after every body that it could not parse, even when it has read all of it.
    reply.removeHeader('connection')
  }
  logRefusal(deps, { error, answer, request })
  return answer
}

/** The logger limits repeated lines. */
function logRefusal({ log }: Deps, refusal: { error: unknown; answer: ErrorAnswer; request: FastifyRequest }): void {
  const { error, answer, request } = refusal
  const fields = {
    code: answer.code,
    statusCode: answer.statusCode,
    method: request.method,
    route: request.routeOptions?.url,
    requestId: request.id,
  }
  if (answer.statusCode < 500) {
    log.debug(fields, 'request.refused')
    return
  }
  if (answer.code === 'INTERNAL') log.error({ ...fields, err: error }, 'request.failed')
  else log.warn({ ...fields, err: error }, 'request.failed')
}
