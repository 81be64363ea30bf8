// The catalogue of what WeChat documents: rows that identify one thing each, that agree with each other, and that the gateway's
// contract names.
import { type Api, apiOf, apisAt, catalogue, errcode, eventOf, permissionSet } from '@wxgw/catalogue'
import t from 'tap'
import { words } from '../../helpers/words.ts'

/** What identifies a row, by kind of row. */
const KEYS: Record<string, readonly string[]> = {
  'permission sets': catalogue.permissionSets.map(({ id }) => String(id).padStart(4, '0')),
  events: catalogue.events.map(({ type }) => type),
  APIs: catalogue.apis.map(({ path, method }) => `${path} ${method}`),
}

void t.test('every row is about something else, and stands in order', async (t) => {
  for (const [kind, keys] of Object.entries(KEYS)) t.strictSame(keys, [...new Set(keys)].sort(), kind)
  const codes = catalogue.errcodes.map(({ code }) => code)
  t.strictSame(
    codes,
    [...new Set(codes)].sort((left, right) => left - right),
    'errcodes',
  )
})

void t.test('a row that is uncertain says of which of its members', async (t) => {
  for (const row of [...catalogue.permissionSets, ...catalogue.events, ...catalogue.apis, ...catalogue.errcodes]) {
    for (const member of row.uncertain ?? []) t.ok(member in row, `${member} of ${JSON.stringify(row)}`)
  }
})

void t.test('a row is found by what identifies it, and what is not in the catalogue is not found', async (t) => {
  t.match(permissionSet(18), {
    nameEn: 'Mini program development and analytics',
    accounts: ['mini-program'],
    exclusive: true,
  })
  t.match(errcode(40001), { retry: 'after-token-refresh' })
  t.match(apiOf('POST', '/cgi-bin/message/custom/send'), { token: 'account', effect: 'not-repeatable' })
  t.match(apisAt('/cgi-bin/message/mass/speed/get'), [{ method: 'GET' }, { method: 'POST' }])
  t.match(eventOf('wechat.event.scan'), { event: 'SCAN', accounts: ['official-account'] })
  t.equal(permissionSet(0), undefined)
  t.equal(eventOf('wechat.event.SCAN'), undefined)
  t.equal(errcode(0), undefined)
  for (const path of words`/ /cgi-bin /cgi-bin/message/custom/send/ /CGI-BIN/message/custom/send constructor`) {
    t.equal(apiOf('POST', path), undefined, path)
    t.strictSame(apisAt(path), [], path)
  }
  t.equal(apiOf('GET', '/cgi-bin/message/custom/send'), undefined, 'by another method')
})

void t.test('the rows of one path want the same token in the same place, and the same permission', async (t) => {
  for (const api of catalogue.apis) {
    for (const other of apisAt(api.path)) t.strictSame(callOf(other), callOf(api), api.path)
    t.equal(api.tokenParameter === undefined, api.token === 'none', `${api.path}: a token has a parameter`)
    if (api.token !== 'component') t.equal(api.componentAppidInQuery, undefined, api.path)
  }
})

void t.test('every permission set that an API wants is in the catalogue', async (t) => {
  for (const { path, permissionSets } of catalogue.apis) {
    for (const id of permissionSets) t.ok(permissionSet(id), `${path}: ${id}`)
  }
})

void t.test('what gives out, uses up or ends credentials is denied through the gateway', async (t) => {
  const denied = new Set(catalogue.apis.flatMap(({ path, proxy }) => (proxy === 'denied' ? [path] : [])))
  const component = words`
    component_token query_auth authorizer_token create_preauthcode get_authorizer_list get_authorizer_info
  `
  t.strictSame(
    [...denied].sort(),
    [
      ...[...component, 'start_push_ticket'].map((name) => `/cgi-bin/component/api_${name}`),
      '/cgi-bin/component/clear_quota/v2',
      '/cgi-bin/clear_quota/v2',
      '/cgi-bin/token',
      '/cgi-bin/stable_token',
      '/cgi-bin/account/fastregister',
      '/tcb/getqcloudtoken',
    ].sort(),
  )
  const showing = catalogue.apis.filter(({ proxy }) => proxy === 'needs-tokens-read').map(({ path }) => path)
  t.strictSame(showing.sort(), ['/cgi-bin/openapi/rid/get', '/cgi-bin/ticket/getticket'])
})

void t.test("the component's token goes where each path wants it", async (t) => {
  for (const path of [
    '/sns/component/jscode2session',
    '/sns/oauth2/component/access_token',
    '/sns/oauth2/component/refresh_token',
  ]) {
    const found = apiOf('GET', path)
    t.match(found, { token: 'component', tokenParameter: 'component_access_token', componentAppidInQuery: true }, path)
  }
  for (const name of words`
    gettemplatelist gettemplatedraftlist addtotemplate deletetemplate security/applysetorderpathinfo
  `) {
    t.match(apisAt(`/wxa/${name}`), [{ token: 'component', tokenParameter: 'access_token' }], name)
  }
  // These lie among the component's, and want the account's.
  for (const name of ['setprivacysetting', 'getprivacysetting', 'uploadprivacyextfile']) {
    t.match(apisAt(`/cgi-bin/component/${name}`), [{ token: 'account', tokenParameter: 'access_token' }], name)
  }
})

void t.test("a user's token is no token of the gateway's", async (t) => {
  for (const path of ['/sns/userinfo', '/sns/auth']) t.match(apiOf('GET', path), { token: 'user' }, path)
})

void t.test('quota calls take either token', async (t) => {
  for (const path of words`
    /cgi-bin/clear_quota /cgi-bin/openapi/quota/get /cgi-bin/openapi/quota/clear /cgi-bin/openapi/rid/get
  `) {
    t.match(apiOf('POST', path), { token: 'account-or-component' }, path)
  }
})

void t.test('GETs that change something say so', async (t) => {
  for (const path of ['/wxa/undocodeaudit', '/wxa/revertgrayrelease', '/wxa/revertcoderelease']) {
    t.equal(apiOf('GET', path)?.effect, 'not-repeatable', path)
  }
})

function callOf({ token, tokenParameter, componentAppidInQuery, permissionSets, proxy }: Api) {
  return { token, tokenParameter, componentAppidInQuery, permissionSets, proxy }
}
