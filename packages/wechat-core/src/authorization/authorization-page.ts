// Owns: the address of WeChat's authorization page (授权页). The pre-authorization code comes from the component API.
import type { ComponentAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'

type AuthorizationPage = {
  /** `scancode`: a page with a QR code for a desktop browser. `mobile`: a page to open inside WeChat. */
  type: 'mobile' | 'scancode'
  componentAppId: ComponentAppId
  preAuthCode: Secret
  /** Its domain must be the one that the visitor comes from; WeChat appends `auth_code` and `expires_in`. */
  redirectUri: string
  /** The kinds of account on offer: 1 OA, 2 mini programs, 3 both, 4, 5, 6 all, 8. */
  authType?: string | undefined
  /** Only this account; wins over authType. */
  bizAppId?: string | undefined
  /** Permission sets, joined by `|`. */
  categoryIdList?: string | undefined
  /** `https://mp.weixin.qq.com`, where the desktop page is. */
  mpBaseUrl: string
  /** `https://open.weixin.qq.com`, where the mobile page is. */
  openBaseUrl: string
}

/**
 * The page's URL, everything encoded, parameters left out when they were not given. It holds a pre-authorization code:
 * not for logs.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Authorization_Process_Technical_Description.html
 */
export function authorizationPageUrl(page: AuthorizationPage): string {
  const query = encoded({
    component_appid: page.componentAppId,
    pre_auth_code: page.preAuthCode.reveal(),
    redirect_uri: page.redirectUri,
    auth_type: page.authType,
    biz_appid: page.bizAppId,
    category_id_list: page.categoryIdList,
  })
  // WeChat's own browser needs the fragment, and needs it last.
  return page.type === 'mobile'
    ? `${origin(page.openBaseUrl)}/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&${query}#wechat_redirect`
    : `${origin(page.mpBaseUrl)}/cgi-bin/componentloginpage?${query}`
}

function encoded(parameters: Record<string, string | undefined>): string {
  return Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`]))
    .join('&')
}

function origin(baseUrl: string): string {
  return baseUrl.replace(/\/+$/, '')
}
