// An account's access token over HTTP. Needs nothing but Node.js.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... node access-token.mjs APPID [REFUSED_TOKEN]
const { GATEWAY, GATEWAY_KEY } = process.env
const headers = { authorization: `Bearer ${GATEWAY_KEY}`, 'content-type': 'application/json' }

export async function accessToken(appid) {
  return tokenOf(await fetch(`${GATEWAY}/access_token/${appid}`, { headers, signal: AbortSignal.timeout(20_000) }))
}

/** WeChat answered 40001, 40014 or 42001: the token that holds now. Try your call once more, not twice. */
export async function replaceRefused(appid, token) {
  const body = JSON.stringify({ token })
  const signal = AbortSignal.timeout(20_000)
  return tokenOf(await fetch(`${GATEWAY}/access_token/${appid}/invalid`, { method: 'POST', headers, body, signal }))
}

async function tokenOf(response) {
  const { token, code, message } = await response.json()
  // docs/errors.md says what each code asks of you.
  if (!response.ok)
    throw Object.assign(new Error(`${code}: ${message}`), { code, retryAfter: response.headers.get('retry-after') })
  return token
}

const [appid, refused] = process.argv.slice(2)
console.log(refused ? await replaceRefused(appid, refused) : await accessToken(appid))
