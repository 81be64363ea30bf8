import { startSimulator, type Simulator, type SimulatorOptions } from '@wxgw/simulator'
import { got } from 'got'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { componentCall, componentToken, exchange, text } from './api-client.ts'
import { startStubGateway } from './stub-gateway.ts'

const PAGES = ['/cgi-bin/componentloginpage', '/wxaopen/safe/bindcomponent', '/safe/bindcomponent']
type Tap = { teardown(fn: () => Promise<void>): void }

async function world(t: Tap, options: SimulatorOptions = {}) {
  const gateway = await startStubGateway('abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG')
  const simulator = await startSimulator({ eventUrl: gateway.eventUrl, callbackUrl: gateway.callbackUrl, ...options })
  simulator.addAccount({ appId: 'wx00000000000000aa', nickName: '<甲> 公众号' })
  simulator.addAccount({ appId: 'wx00000000000000bb', nickName: '乙 小程序', isMiniProgram: true })
  t.teardown(async () => {
    await simulator.close()
    await gateway.close()
  })
  return { gateway, simulator, token: await componentToken(simulator) }
}

async function pageFields(simulator: Simulator, token: string, more: Record<string, string> = {}) {
  const preAuthCode = text(await componentCall(simulator, token, 'api_create_preauthcode'), 'pre_auth_code')
  return {
    component_appid: simulator.component.appId,
    pre_auth_code: preAuthCode,
    redirect_uri: 'https://platform.example/authorized/state-1?keep=a%2Bb',
    ...more,
  }
}

const show = (
  simulator: Simulator,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) => got(`${simulator.url}${path}`, { searchParams: fields, headers, throwHttpErrors: false })
const confirm = (simulator: Simulator, path: string, form: Record<string, string>) =>
  got.post(`${simulator.url}${path}`, { form, followRedirect: false, throwHttpErrors: false })

for (const path of PAGES) {
  void t.test(`${path} shows the accounts, and a confirmation redirects with a code and pushes it`, async (t) => {
    const { gateway, simulator, token } = await world(t)
    const fields = await pageFields(simulator, token)
    const shown = await show(simulator, path, fields)
    t.equal(shown.statusCode, 200)
    t.match(shown.body, '&#60;甲&#62; 公众号', 'names are escaped')
    t.match(shown.body, 'value="wx00000000000000bb"')

    const confirmed = await confirm(simulator, path, { ...fields, account: 'wx00000000000000aa' })
    t.equal(confirmed.statusCode, 302)
    const target = confirmed.headers.location ?? ''
    t.match(
      target,
      /^https:\/\/platform\.example\/authorized\/state-1\?keep=a%2Bb&auth_code=queryauthcode%40%40%40[\w-]+&expires_in=3600$/,
    )
    const code = new URL(target).searchParams.get('auth_code') ?? ''
    const pushed = await until('authorized is pushed', () =>
      gateway.received.find(({ fields }) => fields['InfoType'] === 'authorized'),
    )
    t.match(pushed.fields, {
      AuthorizerAppid: 'wx00000000000000aa',
      AuthorizationCode: code,
      PreAuthCode: fields.pre_auth_code,
    })
    t.match((await exchange(simulator, token, code)).answer, {
      authorization_info: { authorizer_appid: 'wx00000000000000aa' },
    })
  })
}

void t.test('a pre_auth_code works for one confirmation, and not for ever', async (t) => {
  const { simulator, token } = await world(t, { preAuthCodeLifetimeSeconds: 600 })
  const [path = ''] = PAGES
  const used = await pageFields(simulator, token)
  await confirm(simulator, path, { ...used, account: 'wx00000000000000aa' })
  t.equal((await show(simulator, path, used)).statusCode, 400)
  t.equal((await confirm(simulator, path, { ...used, account: 'wx00000000000000aa' })).statusCode, 400)
  const old = await pageFields(simulator, token)
  simulator.advance(600)
  t.equal((await show(simulator, path, old)).statusCode, 400)
})

void t.test('a page asked for wrongly shows an error and redirects nowhere', async (t) => {
  const { simulator, token } = await world(t)
  const [path = ''] = PAGES
  for (const wrong of [
    { component_appid: 'wx0' },
    { pre_auth_code: 'preauthcode@@@x' },
    { redirect_uri: 'javascript:alert(1)' },
    { redirect_uri: '' },
  ]) {
    const shown = await show(simulator, path, await pageFields(simulator, token, wrong))
    t.equal(shown.statusCode, 400, JSON.stringify(wrong))
    t.match(shown.headers['content-type'], 'text/html')
  }
})

void t.test('auth_type and biz_appid narrow the choice', async (t) => {
  const { simulator, token } = await world(t)
  const [path = ''] = PAGES
  const offered = async (more: Record<string, string>) => {
    const { body } = await show(simulator, path, await pageFields(simulator, token, more))
    return [...body.matchAll(/name="account" value="(wx[^"]+)"/g)].map(([, appId]) => appId?.slice(-2))
  }
  t.same(await offered({}), ['aa', 'bb'])
  t.same(await offered({ auth_type: '1' }), ['aa'])
  t.same(await offered({ auth_type: '2' }), ['bb'])
  t.same(await offered({ auth_type: '3' }), ['aa', 'bb'])
  t.same(await offered({ auth_type: '1', biz_appid: 'wx00000000000000bb' }), ['bb'], 'biz_appid wins')
  const narrowed = await pageFields(simulator, token, { auth_type: '1' })
  t.equal((await confirm(simulator, path, { ...narrowed, account: 'wx00000000000000bb' })).statusCode, 400)
})

void t.test('a new account can be made on the page', async (t) => {
  const { simulator, token } = await world(t)
  const [path = ''] = PAGES
  const confirmed = await confirm(simulator, path, {
    ...(await pageFields(simulator, token)),
    account: 'new-mini-program',
  })
  t.equal(confirmed.statusCode, 302)
  t.match(simulator.accounts.at(-1), { isMiniProgram: true })
})

void t.test('the visit must come from the configured domain, which must be the one of redirect_uri', async (t) => {
  const { simulator, token } = await world(t, { authorizationDomains: ['platform.example'] })
  const [path = ''] = PAGES
  const fields = await pageFields(simulator, token)
  t.equal((await show(simulator, path, fields)).statusCode, 400, 'no Referer')
  t.equal((await show(simulator, path, fields, { referer: 'https://other.example/' })).statusCode, 400)
  t.equal((await show(simulator, path, fields, { referer: 'https://platform.example/authorize' })).statusCode, 200)
  const elsewhere = { ...fields, redirect_uri: 'https://other.example/' }
  t.equal((await show(simulator, path, elsewhere, { referer: 'https://platform.example/' })).statusCode, 400)
})

void t.test('push and redirect come in either order', async (t) => {
  const { gateway, simulator, token } = await world(t, { authorizedPushDelayMs: 60_000 })
  const [path = ''] = PAGES
  const first = await confirm(simulator, path, {
    ...(await pageFields(simulator, token)),
    account: 'wx00000000000000aa',
  })
  t.equal(first.statusCode, 302)
  t.notOk(
    gateway.received.some(({ fields }) => fields['InfoType'] === 'authorized'),
    'the redirect was first',
  )

  simulator.configure({ authorizedPushDelayMs: 0, redirectDelayMs: 200 })
  let redirected = false
  const second = confirm(simulator, path, {
    ...(await pageFields(simulator, token)),
    account: 'wx00000000000000bb',
  }).then((answer) => {
    redirected = true
    return answer
  })
  await until('authorized is pushed', () =>
    gateway.received.some(({ fields }) => fields['AuthorizerAppid'] === 'wx00000000000000bb'),
  )
  t.notOk(redirected, 'the push was first')
  t.equal((await second).statusCode, 302)
})
