// A stand-in for an account's access token, for SDKs that insist on one. Needs nothing but Node.js.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=...
const { GATEWAY, GATEWAY_KEY } = process.env
/** It lasts two hours at most. Replaced before its end, so that no call under way meets it. */
const RENEW_BEFORE_MS = 600_000

/** Where the SDK finds WeChat, instead of at https://api.weixin.qq.com. */
export const hostOf = (appid) => `${GATEWAY}/api/${appid}`

export function createStandIn(appid) {
  let token
  let expiresAt = 0
  let fetching

  return {
    /** The same one until ten minutes before its end. Callers that come meanwhile share one request. */
    async get() {
      if (Date.now() < expiresAt - RENEW_BEFORE_MS) return token
      fetching ??= renew().finally(() => (fetching = undefined))
      return fetching
    },
    /** The gateway answered 401: the key has changed, or the sealing keys. */
    drop: () => void (expiresAt = 0),
  }

  async function renew() {
    const headers = { authorization: `Bearer ${GATEWAY_KEY}` }
    const response = await fetch(`${GATEWAY}/proxy_token/${appid}`, { headers, signal: AbortSignal.timeout(20_000) })
    const answer = await response.json()
    // docs/errors.md says what each code asks of you.
    if (!response.ok) throw Object.assign(new Error(`${answer.code}: ${answer.message}`), { code: answer.code })
    token = answer.token
    expiresAt = Date.now() + answer.expires_in * 1000
    return token
  }
}
