// Owns: the short texts in `lastError`. They are made from error codes alone: an error's message may quote a URL, a
// command's arguments or what the other side sent.
import { isRightMissing } from '@wxgw/redis'
import { GatewayError, isStoreAway } from '@wxgw/wechat-core'

const NETWORK_REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection reset',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'name not found',
  ENODATA: 'name not found',
  EAI_AGAIN: 'name not resolved',
  ESERVFAIL: 'name not resolved',
  EREFUSED: 'name not resolved',
  ETIMEOUT: 'name not resolved',
  CERT_HAS_EXPIRED: 'certificate expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate of another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate not trusted',
  EPROTO: 'TLS failed',
}

/** Why a call got no answer. An unknown code is shown as it is, an error without a code as `network error`. */
export function networkFailure(error: unknown): string {
  const code = codeOf(error)
  if (isMalformedAnswer(error, code)) return 'malformed answer'
  if (code === undefined) return 'network error'
  if (code.startsWith('ERR_SSL_')) return 'TLS failed'
  return NETWORK_REASONS[code] ?? `network error ${code}`
}

/** Our own Redis did not answer, or takes no writes. A missing right is none of that: somebody has to grant it. */
export function isOurStoreAway(error: unknown): boolean {
  return isStoreAway(error) && !isRightMissing(error)
}

/** Why our own Redis refused a write. For errors of which isOurStoreAway is false. */
export function storeFailure(error: unknown): string {
  if (!(error instanceof GatewayError)) return 'INTERNAL'
  return isStoreAway(error) ? 'NOPERM' : error.code
}

/** undici's parser errors do not all have a code. */
function isMalformedAnswer(error: unknown, code: string | undefined): boolean {
  return code === 'UND_ERR_HEADERS_OVERFLOW' || (error instanceof Error && error.name === 'HTTPParserError')
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,47}$/.test(error.code) ? error.code : undefined
}
