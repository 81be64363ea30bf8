// Owns: checking the parameters of authurl, and the URLs to which browsers may be redirected.
import type { AuthorizationUrlRequest } from '@wxgw/platform'
import type { Config } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'

export type AuthorizationUrlParameters = {
  type?: 'mobile' | 'scancode'
  redirectUri?: string
  auth_type?: string | number
  biz_appid?: string
  category_id_list?: string
}

export type AuthorizationUrlDeps = { config: Pick<Config, 'publicListener' | 'authRedirectOrigins'> }

export const authorizePath = (platformId: string) => `/apis/v1/wx/${platformId}/authorize`
const landingPath = (platformId: string) => `/apis/v1/wx/${platformId}/authorized`
export const sessionPath = (platformId: string, sessionId: string) => `/apis/v1/wx/${platformId}/a/${sessionId}`

/**
 * Throws INVALID_REQUEST for a redirectUri that is not allowed, or when there is none and no PUBLIC_BASE_URL either.
 */
export function authorizationUrlRequest(
  { config }: AuthorizationUrlDeps,
  platformId: string,
  parameters: AuthorizationUrlParameters,
): AuthorizationUrlRequest {
  const { redirectUri, auth_type: authType } = parameters
  return {
    type: parameters.type ?? 'mobile',
    redirectUri:
      redirectUri === undefined
        ? ownUrl(config.publicListener.baseUrl, landingPath(platformId))
        : allowedRedirectUri({ config }, redirectUri),
    authType: authType === undefined ? undefined : String(authType),
    bizAppId: parameters.biz_appid,
    categoryIdList: parameters.category_id_list,
  }
}

/** PUBLIC_BASE_URL may have a path, when a proxy mounts the gateway below one. */
export function publicUrl(baseUrl: string, path: string): string
export function publicUrl(baseUrl: string | undefined, path: string): string | undefined
export function publicUrl(baseUrl: string | undefined, path: string): string | undefined {
  return baseUrl === undefined ? undefined : `${baseUrl.replace(/\/+$/, '')}${path}`
}

function ownUrl(baseUrl: string | undefined, path: string): string {
  const url = publicUrl(baseUrl, path)
  if (url === undefined) throw new GatewayError('INVALID_REQUEST', 'redirectUri is needed, there is no default')
  return url
}

// Browsers, proxies and WeChat must all parse the same host. Characters that parsers treat differently (controls,
// blanks, backslashes, a missing slash, credentials) are refused, not normalised.
// oxlint-disable-next-line no-control-regex -- finding controls is what it is for
const AMBIGUOUS = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff\\]/
const ABSOLUTE = /^https?:\/\/([^/?#]+)/i

/** Without AUTH_REDIRECT_ORIGINS, every origin is allowed. */
function allowedRedirectUri({ config }: AuthorizationUrlDeps, uri: string): string {
  return allowedUrl('redirectUri', uri, (origin) => config.authRedirectOrigins.length === 0 || isListed(config, origin))
}

/**
 * Without AUTH_REDIRECT_ORIGINS, none is allowed, because our own link redirects visitors there. Throws
 * INVALID_REQUEST.
 */
export function allowedReturnUrl({ config }: { config: Pick<Config, 'authRedirectOrigins'> }, uri: string): string {
  return allowedUrl('returnUrl', uri, (origin) => isListed(config, origin))
}

/** The list may have changed since the session was created. */
export function isReturnUrlAllowed({ config }: { config: Pick<Config, 'authRedirectOrigins'> }, url: string): boolean {
  return isListed(config, new URL(url).origin)
}

function isListed({ authRedirectOrigins }: Pick<Config, 'authRedirectOrigins'>, origin: string): boolean {
  return authRedirectOrigins.some((allowed) => new URL(allowed).origin === origin)
}

function allowedUrl(name: string, uri: string, isAllowed: (origin: string) => boolean): string {
  const authority = ABSOLUTE.exec(uri)?.[1]
  if (AMBIGUOUS.test(uri) || authority === undefined || authority.includes('@') || !URL.canParse(uri)) {
    throw new GatewayError('INVALID_REQUEST', `${name} is not an absolute http or https URL without credentials`)
  }
  const url = new URL(uri)
  if (!isAllowed(url.origin)) throw new GatewayError('INVALID_REQUEST', `the origin of ${name} is not allowed`)
  // Keep the caller's spelling when it is already in normal form.
  return url.href === uri || url.href === `${uri}/` ? uri : url.href
}
