// Owns: which failures of one refresh are a reason for all refreshes of the platform to wait.
import { isIP } from 'node:net'
import type { PauseReason } from '@wxgw/platform'
import { GatewayError, refusalKind, WeChatApiError, WeChatTransportError } from '@wxgw/wechat-core'

/** undefined: the failure is this one account's, or may pass by itself. */
export function pauseReasonOf(error: unknown): PauseReason | undefined {
  if (error instanceof GatewayError && error.code === 'COMPONENT_TICKET_MISSING') return 'ticket-missing'
  const kind = refusalKind(error)
  switch (kind) {
    case 'quota-day':
    case 'quota-minute':
    case 'ip-not-allowed':
      return kind
    case 'busy':
    case undefined:
      return undefined
    default:
      // A wrong AppSecret or ticket: no account can be refreshed, and asking often does not help.
      return error instanceof WeChatApiError && error.api === 'api_component_token' ? 'component-refused' : undefined
  }
}

/** Of 61004 and 40164, whose text names the address that the call came from. */
export function refusedAddressOf(error: unknown): string | undefined {
  if (refusalKind(error) !== 'ip-not-allowed' || !(error instanceof WeChatApiError)) return undefined
  return error.errmsg.split(/[\s,;]+/).find((word) => isIP(word) !== 0)
}

/** No answer, none that makes sense, or "busy". */
export function isUnreachable(error: unknown): boolean {
  return error instanceof WeChatTransportError || refusalKind(error) === 'busy'
}
