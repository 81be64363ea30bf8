import { startSimulator } from '@wxgw/simulator'
import { got, HTTPError } from 'got'
import t from 'tap'
import { componentToken, exchange } from './api-client.ts'
import { startStubGateway } from './stub-gateway.ts'

type Tap = { teardown(fn: () => Promise<void>): void }

async function world(t: Tap) {
  const gateway = await startStubGateway('abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG')
  const simulator = await startSimulator({ eventUrl: gateway.eventUrl, callbackUrl: gateway.callbackUrl, attempts: 1 })
  t.teardown(async () => {
    await simulator.close()
    await gateway.close()
  })
  const control = got.extend({ prefixUrl: `${simulator.url}/_simulator`, responseType: 'json', retry: { limit: 0 } })
  const post = (path: string, json?: object) => control.post(path, json ? { json } : {}).json()
  const get = (path: string, searchParams: Record<string, string | number> = {}) =>
    control(path, { searchParams }).json()
  return { gateway, simulator, control, post, get }
}

void t.test('another process adds, authorizes, updates and revokes accounts', async (t) => {
  const { gateway, simulator, post, get } = await world(t)
  const appId = 'wx00000000000000aa'
  t.match(await post('accounts', { appId, nickName: '甲', isMiniProgram: true }), { appId, nickName: '甲' })
  t.match(await post(`accounts/${appId}/authorize`, { createTimeSeconds: 1_760_000_000 }), {
    change: 'authorized',
    authorizationCode: /^queryauthcode@@@/,
    push: { ok: true },
  })
  t.match(await post(`accounts/${appId}/authorize`, { funcInfo: [1] }), { change: 'updateauthorized' })
  t.match(await get('accounts'), { items: [{ appId, authorized: true, exchanged: false }] })
  t.match(await post(`accounts/${appId}/unauthorize`), { push: { ok: true } }, 'without a body')
  t.match(await get('accounts'), { items: [{ appId, authorized: false }] })
  const types = gateway.received.map(({ fields }) => fields['InfoType'])
  t.same(types, ['authorized', 'updateauthorized', 'unauthorized'])
  t.equal(simulator.accounts.length, 1)
})

void t.test('messages, events, tickets and raw XML are pushed and reported', async (t) => {
  const { gateway, simulator, post, get } = await world(t)
  const { appId } = simulator.addAccount()
  t.match(await post(`accounts/${appId}/messages/text`, { openId: 'oUser', content: '你好', msgId: '1' }), { ok: true })
  t.match(await post(`accounts/${appId}/messages/event`, { event: 'CLICK', eventKey: 'k' }), { label: 'CLICK' })
  t.match(await post(`accounts/${appId}/messages/xml`, { xml: '<xml><MsgType>raw</MsgType></xml>' }), { ok: true })
  t.match(await post(`accounts/${appId}/messages/sample`, { name: 'card' }), { label: 'user_get_card' })
  t.match(await post('component-events', { xml: '<xml><InfoType>new</InfoType></xml>' }), { kind: 'component' })
  t.match(await post('tickets'), { ok: true, ticket: /^ticket@@@/, attempts: [{ body: 'success' }] })
  t.equal(gateway.received.length, 6)
  t.match(await get('pushes', { limit: 2 }), { items: [{ label: 'new' }, { label: 'component_verify_ticket' }] })
})

void t.test('calls, counts, tokens and customer service messages can be looked up', async (t) => {
  const { simulator, control, post, get } = await world(t)
  const { appId } = simulator.addAccount()
  const token = await componentToken(simulator)
  const { authorizationCode } = await simulator.authorize(appId)
  const { accessToken, refreshToken } = await exchange(simulator, token, authorizationCode)
  t.match(await get('calls', { api: 'api_query_auth' }), { items: [{ appId, errcode: 0 }] })
  t.match(await get('calls/count', { api: 'api_query_auth', appId }), { count: 1, peakConcurrency: 1 })
  t.same(await get(`accounts/${appId}/tokens`), { appId, accessToken, refreshToken })
  t.same(await post('tokens/check', { appId, token: accessToken }), { valid: true, current: true })
  t.same(await post('tokens/check', { appId, token: 'other' }), { valid: false, current: false })
  t.same(await get('custom-messages'), { items: [] })
  await control.delete('calls')
  t.match(await get('calls/count', { api: 'api_query_auth' }), { count: 0 })
})

void t.test('faults, time and settings are changed from outside', async (t) => {
  const { simulator, control, post, get } = await world(t)
  const fault = { api: 'api_component_token', errcode: -1, times: 3 }
  const { id } = await control.post('faults', { json: fault }).json<{ id: string }>()
  t.match(await get('faults'), { items: [{ id, api: 'api_component_token', plan: { errcode: -1 } }] })
  t.equal(await componentToken(simulator), '')
  await control.delete(`faults/${id}`)
  t.match(await componentToken(simulator), /^\d+_/)
  const before = Date.now()
  const { now } = (await post('advance', { seconds: 7200 })) as { now: string }
  t.ok(Date.parse(now) >= before + 7_200_000)
  const settings = { tokenLifetimeSeconds: 60, refreshTokenRotation: 'strict' }
  t.match(await control.patch('settings', { json: settings }).json(), { tokenLifetimeSeconds: 60 })
  t.equal(simulator.settings.refreshTokenRotation, 'strict')
})

void t.test('the state shows no secret of the component', async (t) => {
  const { simulator, get } = await world(t)
  const state = JSON.stringify(await get('state'))
  t.match(state, simulator.component.appId)
  for (const secret of [simulator.component.appSecret, simulator.component.encodingAesKey])
    t.notOk(state.includes(secret))
})

void t.test('what cannot be is refused and explained', async (t) => {
  const { simulator, control } = await world(t)
  const { appId } = simulator.addAccount()
  const statusOf = async (request: Promise<unknown>) => {
    try {
      await request
      return 200
    } catch (error) {
      if (error instanceof HTTPError) return error.response.statusCode
      throw error
    }
  }
  t.equal(await statusOf(control.post('accounts/wx0000000000000000/authorize')), 404)
  t.equal(await statusOf(control.post(`accounts/${appId}/messages/text`, { json: {} })), 400, 'content is missing')
  t.equal(await statusOf(control.post('faults', { json: { api: 'x', delay: 5 } })), 400, 'a misspelt field')
  t.equal(await statusOf(control.post(`accounts/${appId}/messages/sample`, { json: { name: 'none' } })), 400)
  t.equal(await statusOf(control.patch('settings', { json: { callbackUrl: 'http://127.0.0.1/no-placeholder' } })), 400)
  t.equal(await statusOf(control.delete('faults/none')), 404)
})

void t.test('the console shows what happened and its buttons come back to it', async (t) => {
  const { simulator } = await world(t)
  const { appId } = simulator.addAccount({ nickName: '<script>' })
  const pressed = await got.post(`${simulator.url}/_simulator/accounts/${appId}/authorize`, {
    form: {},
    followRedirect: false,
  })
  t.match(pressed, { statusCode: 303, headers: { location: '/' } })
  await got.post(`${simulator.url}/_simulator/accounts/${appId}/messages/text`, {
    form: { content: '你好' },
    followRedirect: false,
  })
  const { body, headers } = await got(`${simulator.url}/`)
  t.match(headers['content-type'], 'text/html')
  t.match(body, appId)
  t.match(body, '&#60;script&#62;')
  t.match(body, /authorized <code class="quiet">wx/)
})
