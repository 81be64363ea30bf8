// Owns: an account's administrator with a browser that runs no script: opens a link, clicks, confirms at WeChat's
// page, comes back.
export type Visit = {
  /** WeChat's page, where the click led. */
  wechatUrl: URL
  preAuthCode: string
  redirectUri: string
}

/** Rejects with the status of the answer when the click leads nowhere. */
export async function click(url: string, headers: Record<string, string> = {}): Promise<Visit> {
  const answer = await fetch(`${url}/go`, { method: 'POST', redirect: 'manual', headers })
  const location = answer.headers.get('location')
  if (answer.status !== 303 || location === null) throw new Error(`the click answered ${answer.status}`)
  const wechatUrl = new URL(location)
  const parameter = (name: string) => wechatUrl.searchParams.get(name) ?? ''
  return { wechatUrl, preAuthCode: parameter('pre_auth_code'), redirectUri: parameter('redirect_uri') }
}

/** Chooses the account on WeChat's page. Answers where WeChat sends the browser. */
export async function confirm({ wechatUrl }: Visit, appId: string): Promise<string> {
  const body = new URLSearchParams([...wechatUrl.searchParams, ['account', appId]])
  const answer = await fetch(`${wechatUrl.origin}${wechatUrl.pathname}`, { method: 'POST', redirect: 'manual', body })
  const location = answer.headers.get('location')
  if (answer.status !== 302 || location === null) throw new Error(`WeChat's page answered ${answer.status}`)
  return location
}
