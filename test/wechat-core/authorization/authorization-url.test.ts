// Owns: the addresses of WeChat's authorization pages, character by character.
import t from 'tap'
import { authorizationPageUrl, Secret } from '@wxgw/wechat-core'
import { COMPONENT } from '../push/make-push.ts'

const PAGE = {
  componentAppId: COMPONENT,
  preAuthCode: new Secret('preauthcode@@@a-b_c'),
  redirectUri: 'https://example.com/wx/open1/authorized?a=1&b=2#c',
  mpBaseUrl: 'https://mp.weixin.qq.com',
  openBaseUrl: 'https://open.weixin.qq.com',
}
const COMMON =
  'component_appid=wx134c8103faa5a59e&pre_auth_code=preauthcode%40%40%40a-b_c' +
  '&redirect_uri=https%3A%2F%2Fexample.com%2Fwx%2Fopen1%2Fauthorized%3Fa%3D1%26b%3D2%23c'

void t.test('the desktop page is on mp.weixin.qq.com', async (t) => {
  const found = authorizationPageUrl({ ...PAGE, type: 'scancode' })
  t.equal(found, `https://mp.weixin.qq.com/cgi-bin/componentloginpage?${COMMON}`)
})

void t.test('the mobile page is on open.weixin.qq.com and ends with its fragment', async (t) => {
  t.equal(
    authorizationPageUrl({ ...PAGE, type: 'mobile' }),
    `https://open.weixin.qq.com/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&${COMMON}#wechat_redirect`,
  )
})

void t.test("optional parameters follow in WeChat's order, encoded, and are left out when empty", async (t) => {
  const optional = { authType: '3', bizAppId: 'wx1&x=2', categoryIdList: '1|2' }
  const expected = `${COMMON}&auth_type=3&biz_appid=wx1%26x%3D2&category_id_list=1%7C2`
  t.ok(authorizationPageUrl({ ...PAGE, ...optional, type: 'scancode' }).endsWith(`?${expected}`))
  t.ok(authorizationPageUrl({ ...PAGE, ...optional, type: 'mobile' }).endsWith(`&${expected}#wechat_redirect`))
  t.ok(authorizationPageUrl({ ...PAGE, type: 'scancode', authType: '', bizAppId: undefined }).endsWith(COMMON))
})

void t.test('other hosts may be given, with a slash at their end or not', async (t) => {
  const url = authorizationPageUrl({ ...PAGE, type: 'scancode', mpBaseUrl: 'http://127.0.0.1:9000/' })
  t.equal(url, `http://127.0.0.1:9000/cgi-bin/componentloginpage?${COMMON}`)
})
