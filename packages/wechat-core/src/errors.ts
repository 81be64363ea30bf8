// Owns: the errors of the gateway, by stable code. packages/runtime maps codes to HTTP statuses (error-answer.ts).

/** Codes that callers of the gateway see (docs/errors.md), and the two that only workers see. */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'ROUTE_NOT_FOUND'
  | 'PLATFORM_NOT_FOUND'
  | 'SUBSCRIPTION_NOT_FOUND'
  | 'EVENT_NOT_FOUND'
  | 'DEAD_LETTER_NOT_FOUND'
  | 'SYNC_JOB_NOT_FOUND'
  | 'SESSION_NOT_FOUND'
  | 'SESSION_COMPLETED'
  | 'SESSION_LIMIT'
  | 'REPLAY_NOT_FOUND'
  | 'REPLAY_ENDED'
  | 'REPLAY_LIMIT'
  | 'PUBLIC_BASE_URL_MISSING'
  | 'SUBSCRIPTION_LIMIT'
  | 'SUBSCRIPTION_DECLARED'
  | 'EVENT_LOG_OFF'
  | 'RATE_LIMITED'
  | 'INTERNAL'
  | 'STORE_UNAVAILABLE'
  | 'SIGNATURE_MISMATCH'
  | 'TIMESTAMP_OUT_OF_RANGE'
  | 'NOT_ENCRYPTED'
  | 'MALFORMED_PUSH'
  | 'APPID_MISMATCH'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'AUTHORIZATION_CODE_INVALID'
  | 'AUTHORIZER_NOT_FOUND'
  | 'AUTHORIZER_REVOKED'
  | 'REAUTHORIZATION_REQUIRED'
  | 'COMPONENT_TICKET_MISSING'
  | 'WECHAT_API_ERROR'
  | 'WECHAT_API_TIMEOUT'
  | 'REPLY_ALREADY_SENT'
  | 'REPLY_TOO_LATE'
  | 'API_NOT_ALLOWED'
  | 'WRONG_TOKEN_KIND'

type GatewayErrorOptions = {
  /** Whether the same call may succeed later unchanged. Default false. */
  retry?: boolean
  /** The Retry-After for callers, when known. */
  retryAfterSeconds?: number
  cause?: unknown
}

/** Every expected failure. `message` is a fixed text without secrets, bodies or unchecked input. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly retry: boolean
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.retry = options.retry ?? false
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Redis is unreachable or takes no writes: the same call may succeed later unchanged. */
export function isStoreAway(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE'
}

/**
 * WeChat refused a call: `errcode` other than 0 in its answer. `errmsg` is WeChat's text, secrets masked, `rid` kept.
 */
export class WeChatApiError extends GatewayError {
  readonly api: string
  readonly errcode: number
  readonly errmsg: string

  constructor(api: string, refusal: { errcode: number; errmsg: string }, options: GatewayErrorOptions = {}) {
    super('WECHAT_API_ERROR', `WeChat refused ${api} with errcode ${refusal.errcode}`, options)
    this.name = 'WeChatApiError'
    this.api = api
    this.errcode = refusal.errcode
    this.errmsg = refusal.errmsg
  }
}

/** Whether WeChat may have received a call that it did not answer. `no`: there was no connection. */
export type Sent = 'no' | 'unknown'

/** WeChat did not answer, or its answer is malformed: it is unknown whether the call took effect. */
export class WeChatTransportError extends GatewayError {
  readonly api: string

  constructor(code: 'WECHAT_API_ERROR' | 'WECHAT_API_TIMEOUT', api: string, message: string) {
    super(code, message, { retry: true, retryAfterSeconds: 1 })
    this.name = 'WeChatTransportError'
    this.api = api
  }
}

/** A proxied call without an answer. `sent` says whether repeating it is safe. */
export class UnansweredCallError extends WeChatTransportError {
  readonly sent: Sent

  constructor(code: 'WECHAT_API_ERROR' | 'WECHAT_API_TIMEOUT', { message, sent }: { message: string; sent: Sent }) {
    super(code, 'the call', message)
    this.name = 'UnansweredCallError'
    this.sent = sent
  }
}
