// Owns: converting an error of WeChat's API to the stored failure and back, and classifying it.
import { classifyErrcode, type ErrcodeKind } from '../api/errcodes.ts'
import { GatewayError, WeChatApiError, WeChatTransportError } from '../errors.ts'
import type { RefreshFailure } from './token-keeper.ts'

/** What kind of refusal by WeChat an error is; undefined when it is none. */
export function refusalKind(error: unknown): ErrcodeKind | undefined {
  return error instanceof WeChatApiError ? classifyErrcode(error.errcode) : undefined
}

/** The outcome at WeChat is unknown: no answer, or a malformed one. */
export function isAmbiguous(error: unknown): boolean {
  return error instanceof WeChatTransportError
}

/**
 * Whether WeChat may have served the call, or still will, although it failed here: a time-out, a lost answer, an answer
 * that was not stored. WeChat's current token is then unknown until a later refresh has ended.
 */
export function isUnsettled(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return true
  return (
    isAmbiguous(error) ||
    refusalKind(error) === 'busy' ||
    error.code === 'STORE_UNAVAILABLE' ||
    error.code === 'INTERNAL'
  )
}

export function describeFailure(error: unknown): RefreshFailure {
  if (error instanceof WeChatApiError) {
    return { code: error.code, api: error.api, errcode: error.errcode, errmsg: error.errmsg }
  }
  if (error instanceof WeChatTransportError) return { code: error.code, api: error.api }
  return { code: error instanceof GatewayError ? error.code : 'INTERNAL' }
}

/** The stored failure as an error, for callers within the hold time. */
export function failureError(failure: RefreshFailure): GatewayError {
  const api = failure.api ?? 'the refresh'
  if (failure.errcode !== undefined) {
    return new WeChatApiError(
      api,
      { errcode: failure.errcode, errmsg: failure.errmsg ?? '' },
      { retry: true, retryAfterSeconds: 1 },
    )
  }
  if (failure.code === 'WECHAT_API_TIMEOUT' || failure.code === 'WECHAT_API_ERROR') {
    return new WeChatTransportError(failure.code, api, `${api} failed a moment ago`)
  }
  if (failure.code === 'COMPONENT_TICKET_MISSING') return componentTicketMissing()
  if (failure.code === 'AUTHORIZER_REVOKED') return authorizerRevoked()
  if (failure.code === 'REAUTHORIZATION_REQUIRED') return reauthorizationRequired()
  if (failure.code === 'STORE_UNAVAILABLE') {
    return new GatewayError('STORE_UNAVAILABLE', 'the store is out of reach', { retry: true, retryAfterSeconds: 1 })
  }
  return new GatewayError('INTERNAL', 'the refresh failed a moment ago', { retry: true })
}

export function componentTicketMissing(): GatewayError {
  return new GatewayError('COMPONENT_TICKET_MISSING', 'WeChat has not pushed a component_verify_ticket yet', {
    retry: true,
    retryAfterSeconds: 60,
  })
}

export function authorizerNotFound(): GatewayError {
  return new GatewayError('AUTHORIZER_NOT_FOUND', 'no such authorizer')
}

export function authorizerRevoked(): GatewayError {
  return new GatewayError('AUTHORIZER_REVOKED', 'the authorizer has revoked its authorization')
}

/** Another process has refreshed, or the account has authorized again, during this refresh. */
export function refreshSuperseded(): GatewayError {
  return new GatewayError('WECHAT_API_ERROR', 'the refresh was overtaken by another one', {
    retry: true,
    retryAfterSeconds: 1,
  })
}

export function reauthorizationRequired(): GatewayError {
  return new GatewayError('REAUTHORIZATION_REQUIRED', 'WeChat accepts no refresh token of this authorizer any more')
}
