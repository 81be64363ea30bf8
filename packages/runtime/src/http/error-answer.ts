// Owns: the only table from error codes to HTTP statuses, and the answer to any thrown value. It writes no answer
// itself.
import { STATUS_CODES } from 'node:http'
import { GatewayError, type Sent, UnansweredCallError, WeChatApiError, type ErrorCode } from '@wxgw/wechat-core'
import { explainViolations, type Violation } from './validation-message.ts'

const STATUS_OF = {
  INVALID_REQUEST: 400,
  NOT_ENCRYPTED: 400,
  MALFORMED_PUSH: 400,
  AUTHORIZATION_CODE_INVALID: 400,
  WRONG_TOKEN_KIND: 400,
  UNAUTHENTICATED: 401,
  SIGNATURE_MISMATCH: 401,
  TIMESTAMP_OUT_OF_RANGE: 401,
  FORBIDDEN: 403,
  APPID_MISMATCH: 403,
  API_NOT_ALLOWED: 403,
  ROUTE_NOT_FOUND: 404,
  PLATFORM_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  EVENT_NOT_FOUND: 404,
  DEAD_LETTER_NOT_FOUND: 404,
  SYNC_JOB_NOT_FOUND: 404,
  SESSION_NOT_FOUND: 404,
  AUTHORIZER_NOT_FOUND: 404,
  SUBSCRIPTION_LIMIT: 409,
  SUBSCRIPTION_DECLARED: 409,
  SESSION_COMPLETED: 409,
  REPLAY_NOT_FOUND: 404,
  REPLAY_ENDED: 409,
  REPLAY_LIMIT: 409,
  SESSION_LIMIT: 409,
  EVENT_LOG_OFF: 409,
  REAUTHORIZATION_REQUIRED: 409,
  REPLY_ALREADY_SENT: 409,
  AUTHORIZER_REVOKED: 410,
  REPLY_TOO_LATE: 410,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  WECHAT_API_ERROR: 502,
  STORE_UNAVAILABLE: 503,
  COMPONENT_TICKET_MISSING: 503,
  PUBLIC_BASE_URL_MISSING: 503,
  WECHAT_API_TIMEOUT: 504,
} as const satisfies Record<ErrorCode, number>

// Retry-After when the error has none: Redis is usually back within seconds; WeChat pushes a ticket every 10 minutes,
// and the gateway asks for one much earlier.
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = { STORE_UNAVAILABLE: 1, COMPONENT_TICKET_MISSING: 30 }

/** Thrown for too many headers, which Node's parser would drop silently. */
export const TOO_MANY_HEADERS = 'TOO_MANY_HEADERS'
/** Thrown when a body takes longer than its route allows. */
export const BODY_TOO_LATE = 'BODY_TOO_LATE'

type Known = { code: ErrorCode; message: string; statusCode?: number }

const FRAMEWORK_CODES: Record<string, Known> = {
  [TOO_MANY_HEADERS]: { code: 'INVALID_REQUEST', message: 'there are too many headers', statusCode: 431 },
  [BODY_TOO_LATE]: { code: 'INVALID_REQUEST', message: 'the request did not arrive in time', statusCode: 408 },
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'BODY_TOO_LARGE', message: 'the body is larger than this route accepts' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'the content type is not one this route accepts',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'INVALID_REQUEST', message: 'the body is not valid JSON' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'INVALID_REQUEST', message: 'the body is empty' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'INVALID_REQUEST',
    message: 'the body is not as long as it was announced',
  },
  // Only the method QUERY requires one, and no route has it.
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: { code: 'ROUTE_NOT_FOUND', message: 'there is no such route' },
  FST_ERR_BAD_URL: { code: 'INVALID_REQUEST', message: 'the path is not validly encoded' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'INVALID_REQUEST', message: 'a part of the path is too long' },
}

export type ErrorAnswer = {
  statusCode: number
  code: ErrorCode
  message: string
  retryAfterSeconds: number | undefined
  /** Present when WeChat refused. */
  refusal: { errcode: number; errmsg: string } | undefined
  /** Present when WeChat did not answer a call that was made for a caller. */
  sent: Sent | undefined
}

type ErrorBody = {
  statusCode: number
  code: ErrorCode
  error: string
  message: string
  requestId: string
  errcode?: number
  errmsg?: string
  sent?: Sent
}

export function errorAnswer(error: unknown): ErrorAnswer {
  const { code, message, statusCode = STATUS_OF[code], retryAfterSeconds } = classify(error)
  return {
    statusCode,
    code,
    message,
    retryAfterSeconds: retryAfterSeconds ?? RETRY_AFTER_SECONDS[code],
    refusal: refusalOf(error),
    sent: error instanceof UnansweredCallError ? error.sent : undefined,
  }
}

export function errorBody({ statusCode, code, message, refusal, sent }: ErrorAnswer, requestId: string): ErrorBody {
  return {
    statusCode,
    code,
    error: reasonPhrase(statusCode),
    message,
    requestId,
    ...refusal,
    ...(sent === undefined ? {} : { sent }),
  }
}

export function reasonPhrase(statusCode: number): string {
  return STATUS_CODES[statusCode] ?? 'Error'
}

function classify(error: unknown): Known & { retryAfterSeconds?: number | undefined } {
  if (error instanceof GatewayError) {
    return { code: error.code, message: error.message, retryAfterSeconds: error.retryAfterSeconds }
  }
  const thrown = parseThrown(error)
  if (thrown.validation !== undefined) return { code: 'INVALID_REQUEST', message: validationMessage(thrown) }
  const known = thrown.code === undefined ? undefined : FRAMEWORK_CODES[thrown.code]
  if (known) return known
  // Other client errors of Fastify and of Node's streams: an aborted body, a wrong content length, a poisoned
  // prototype.
  if (thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500) {
    return { code: 'INVALID_REQUEST', message: 'the request is not valid' }
  }
  return { code: 'INTERNAL', message: 'an internal error occurred' }
}

/** WeChat's refusal may be the `cause` of an error of ours. */
function refusalOf(error: unknown): ErrorAnswer['refusal'] {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if (current instanceof WeChatApiError) return { errcode: current.errcode, errmsg: current.errmsg }
  }
  return undefined
}

type Thrown = {
  code: string | undefined
  statusCode: number | undefined
  validation: Violation[] | undefined
  validationContext: string | undefined
}

function parseThrown(error: unknown): Thrown {
  const { code, statusCode, validation, validationContext } = (error instanceof Error ? error : {}) as Record<
    string,
    unknown
  >
  return {
    code: typeof code === 'string' ? code : undefined,
    statusCode: typeof statusCode === 'number' ? statusCode : undefined,
    validation: Array.isArray(validation) ? (validation as Violation[]) : undefined,
    validationContext: typeof validationContext === 'string' ? validationContext : undefined,
  }
}

function validationMessage({ validation = [], validationContext }: Thrown): string {
  const part =
    { body: 'body', querystring: 'query', params: 'path', headers: 'headers' }[validationContext ?? ''] ?? 'request'
  const explained = explainViolations(validation)
  return explained === undefined ? `the ${part} is not valid` : `the ${part} is not valid: ${explained}`
}
