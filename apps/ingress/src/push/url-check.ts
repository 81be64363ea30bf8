// Owns: answering WeChat's check of a receive URL: a GET that is answered with its `echostr`.
import { GatewayError, verifyUrlSignature, type Clock, type PushKeys } from '@wxgw/wechat-core'
import type { Pairs } from '../http/query-string.ts'

// Digits in practice, base64 in similar APIs of WeChat. No character of HTML markup.
const ECHOSTR = /^[0-9A-Za-z+/=_.-]{1,256}$/
const TIMESTAMP = /^\d{10}$/

type Deps = { config: { pushMaxSkewSeconds: number }; clock: Clock }

/**
 * What to echo. Throws SIGNATURE_MISMATCH (missing parameters too), TIMESTAMP_OUT_OF_RANGE, and INVALID_REQUEST for an
 * `echostr` that WeChat would not send.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export function echoOf({ config, clock }: Deps, keys: PushKeys, query: Pairs): string {
  const { signature, timestamp, nonce, echostr } = query
  if (!signature || !timestamp || !nonce || !verifyUrlSignature({ tokens: keys.tokens, signature, timestamp, nonce })) {
    throw new GatewayError('SIGNATURE_MISMATCH', 'the signature does not match')
  }
  const skewMs = Math.abs(Number(timestamp) * 1000 - clock.nowMs())
  if (!TIMESTAMP.test(timestamp) || skewMs > config.pushMaxSkewSeconds * 1000) {
    throw new GatewayError('TIMESTAMP_OUT_OF_RANGE', 'the timestamp is out of range')
  }
  if (echostr === undefined || !ECHOSTR.test(echostr))
    throw new GatewayError('INVALID_REQUEST', 'echostr is missing or malformed')
  return echostr
}
