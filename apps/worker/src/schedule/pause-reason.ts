// Owns: which failures of one refresh pause all scheduled refreshes of the platform.
import { isIP } from 'node:net'
import type { PauseReason } from '@wxgw/platform'
import { GatewayError, refusalKind, WeChatApiError, WeChatTransportError } from '@wxgw/wechat-core'

/** undefined: the failure concerns this account alone, or may pass without a change. */
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
      // A wrong AppSecret or ticket: no account can be refreshed.
      return error instanceof WeChatApiError && error.api === 'api_component_token' ? 'component-refused' : undefined
  }
}

/** The IP address that the text of errcode 61004 or 40164 names: the one that the call came from. */
export function refusedAddressOf(error: unknown): string | undefined {
  if (refusalKind(error) !== 'ip-not-allowed' || !(error instanceof WeChatApiError)) return undefined
  return error.errmsg.split(/[\s,;]+/).find((word) => isIP(word) !== 0)
}

/** WeChat did not answer, gave a malformed answer, or is busy. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof WeChatTransportError || refusalKind(error) === 'busy'
}
