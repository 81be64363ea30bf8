// Owns: the request of the authorization page: its validation, the accounts offered, the redirect.
import type { Account } from '../accounts.ts'
import type { Settings } from '../settings.ts'

export type PageRequest = {
  componentAppId: string
  preAuthCode: string
  redirectUri: URL
  authType: string
  bizAppId: string
}

type Deps = { settings: () => Settings; isPreAuthCodeUsable: (code: string) => boolean }

/** The request, or the text of the error page. */
export function readPageRequest(
  fields: Readonly<Record<string, unknown>>,
  referer: string | undefined,
  { settings, isPreAuthCodeUsable }: Deps,
): PageRequest | { problem: string } {
  const { component, authorizationDomains } = settings()
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  if (text('component_appid') !== component.appId) return { problem: 'component_appid 无效 · unknown component_appid' }
  if (!isPreAuthCodeUsable(text('pre_auth_code'))) {
    return { problem: '授权链接已失效 · pre_auth_code is unknown, expired or already used' }
  }
  const redirectUri = URL.canParse(text('redirect_uri')) ? new URL(text('redirect_uri')) : undefined
  if (!redirectUri || !/^https?:$/.test(redirectUri.protocol)) {
    return { problem: 'redirect_uri 无效 · redirect_uri is no http(s) URL' }
  }
  if (authorizationDomains) {
    const from = referer !== undefined && URL.canParse(referer) ? new URL(referer).hostname : ''
    if (!authorizationDomains.includes(from) || from !== redirectUri.hostname) {
      return {
        problem: '授权发起页域名与回调域名不一致 · Referer and redirect_uri must be on the same configured domain',
      }
    }
  }
  return {
    componentAppId: component.appId,
    preAuthCode: text('pre_auth_code'),
    redirectUri,
    authType: text('auth_type'),
    bizAppId: text('biz_appid'),
  }
}

/** The accounts that the page offers. biz_appid takes precedence over auth_type; 1: 公众号, 2: 小程序, others: both. */
export function offeredAccounts(accounts: readonly Account[], { authType, bizAppId }: PageRequest): Account[] {
  if (bizAppId !== '') return accounts.filter(({ appId }) => appId === bizAppId)
  if (authType === '1') return accounts.filter(({ isMiniProgram }) => !isMiniProgram)
  if (authType === '2') return accounts.filter(({ isMiniProgram }) => isMiniProgram)
  return [...accounts]
}

/** redirect_uri with the code and its lifetime appended to its own query. */
export function redirectTarget(redirectUri: URL, authorizationCode: string, expiresInSeconds: number): string {
  const target = new URL(redirectUri)
  const appended = `auth_code=${encodeURIComponent(authorizationCode)}&expires_in=${expiresInSeconds}`
  target.search = target.search === '' ? `?${appended}` : `${target.search}&${appended}`
  return target.href
}
