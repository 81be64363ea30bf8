import { startSimulator } from '@wxgw/simulator'
import { got, RequestError, TimeoutError } from 'got'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { componentCall, componentToken, exchange, refresh } from './api-client.ts'

type Tap = { teardown(fn: () => Promise<void>): void }

async function world(t: Tap) {
  const simulator = await startSimulator({ refreshTokenRotation: 'strict' })
  t.teardown(() => simulator.close())
  const { appId } = simulator.addAccount()
  const token = await componentToken(simulator)
  const { authorizationCode } = await simulator.authorize(appId)
  return { simulator, appId, token, ...(await exchange(simulator, token, authorizationCode)) }
}

void t.test('an errcode is given so many times, without effect, then all is well', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  const fault = simulator.fault('api_authorizer_token', { times: 2, errcode: -1, errmsg: 'system error' })
  t.match((await refresh(simulator, token, appId, refreshToken)).answer, { errcode: -1, errmsg: /^system error rid/ })
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, -1)
  t.equal(fault.caught, 2)
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, undefined)
  t.match(simulator.calls.at(-2), { errcode: -1, faultId: fault.id })
})

void t.test('a fault lasts until it is removed, and concerns one account when it says so', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  simulator.fault('*', { appId: 'wx0000000000000000', errcode: -1 })
  const fault = simulator.fault('api_authorizer_token', { appId, errcode: 61003, after: 1 })
  const passed = await refresh(simulator, token, appId, refreshToken)
  t.equal(passed.errcode, undefined, 'the first one passes')
  for (let times = 0; times < 3; times += 1)
    t.equal((await refresh(simulator, token, appId, passed.refreshToken)).errcode, 61003)
  fault.remove()
  t.equal((await refresh(simulator, token, appId, passed.refreshToken)).errcode, undefined)
})

void t.test('a reset before leaves the state, a reset after loses the answer only', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  simulator.fault('api_authorizer_token', { times: 1, resetBefore: true })
  await t.rejects(refresh(simulator, token, appId, refreshToken), RequestError)
  t.equal(simulator.currentRefreshToken(appId), refreshToken)

  simulator.fault('api_authorizer_token', { times: 1, resetAfter: true })
  await t.rejects(refresh(simulator, token, appId, refreshToken), RequestError)
  t.not(simulator.currentRefreshToken(appId), refreshToken, 'it has rotated and nobody was told')
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, 61023)
  t.match(await componentCall(simulator, token, 'api_get_authorizer_list', { offset: 0, count: 10 }), {
    list: [{ refresh_token: simulator.currentRefreshToken(appId) }],
  })
  t.match(simulator.calls.slice(-4, -2), [
    { httpStatus: null, errcode: null },
    { httpStatus: null, errcode: 0 },
  ])
})

void t.test('another status or body takes the place of the answer, with or without effect', async (t) => {
  const { simulator, token } = await world(t)
  const url = `${simulator.url}/cgi-bin/component/api_create_preauthcode?component_access_token=${token}`
  const ask = () =>
    got.post(url, { json: { component_appid: simulator.component.appId }, throwHttpErrors: false, retry: { limit: 0 } })
  simulator.fault('api_create_preauthcode', {
    times: 1,
    status: 502,
    body: '<html>502</html>',
    contentType: 'text/html',
  })
  t.match(await ask(), { statusCode: 502, body: '<html>502</html>', headers: { 'content-type': /^text\/html/ } })
  simulator.fault('api_create_preauthcode', { times: 1, body: '{"pre_auth_code":"pre' })
  t.match(await ask(), { statusCode: 200, body: '{"pre_auth_code":"pre' })

  const { appId } = simulator.addAccount()
  const { authorizationCode } = await simulator.authorize(appId)
  simulator.fault('api_query_auth', { times: 1, errcode: -1, takesEffect: true })
  t.match((await exchange(simulator, token, authorizationCode)).answer, { errcode: -1 })
  t.match((await exchange(simulator, token, authorizationCode)).answer, { errcode: 61009 }, 'the code is spent')
})

void t.test('fields are left out, replaced, or the whole answer changed', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  simulator.configure({ refreshTokenRotation: 'stable' })
  const answerWith = async (plan: Parameters<typeof simulator.fault>[1]) => {
    simulator.fault('api_authorizer_token', { times: 1, ...plan })
    return (await refresh(simulator, token, appId, refreshToken)).answer
  }
  t.same(Object.keys(await answerWith({ omit: ['authorizer_refresh_token'] })), [
    'authorizer_access_token',
    'expires_in',
  ])
  t.match(await answerWith({ replace: { authorizer_refresh_token: '', expires_in: '7200' } }), {
    authorizer_refresh_token: '',
    expires_in: '7200',
  })
  t.same(await answerWith({ mutate: () => [] }), [])
  simulator.fault('api_get_authorizer_list', { omit: ['refresh_token'] })
  t.same(Object.keys(await componentCall(simulator, token, 'api_get_authorizer_list', { offset: 0, count: 1 })), [
    'total_count',
    'list',
  ])
  simulator.clearFaults()
})

void t.test('an answer can be slow, dripping, or held back until the test lets it go', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  simulator.configure({ refreshTokenRotation: 'stable' })
  const url = `${simulator.url}/cgi-bin/component/api_authorizer_token?component_access_token=${token}`
  const json = {
    component_appid: simulator.component.appId,
    authorizer_appid: appId,
    authorizer_refresh_token: refreshToken,
  }
  for (const plan of [{ delayMs: 10_000 }, { delayAnswerMs: 10_000 }, { drip: { everyMs: 20 } }]) {
    simulator.fault('api_authorizer_token', { times: 1, ...plan })
    await t.rejects(
      got.post(url, { json, timeout: { request: 100 }, retry: { limit: 0 } }),
      TimeoutError,
      JSON.stringify(plan),
    )
  }
  simulator.fault('api_authorizer_token', { times: 1, drip: { everyMs: 1, bytes: 100 } })
  t.match(await got.post(url, { json }).json(), { expires_in: 7200 }, 'patience is rewarded')

  let letGo = () => {}
  const holdAnswerUntil = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const before = simulator.currentAccessToken(appId)
  simulator.fault('api_authorizer_token', { times: 1, holdAnswerUntil })
  const held = refresh(simulator, token, appId, refreshToken)
  await until('it has happened at WeChat', () => simulator.currentAccessToken(appId) !== before)
  letGo()
  t.equal((await held).accessToken, simulator.currentAccessToken(appId))
})

void t.test('the most calls at one time are known', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  let letGo = () => {}
  const holdUntil = new Promise<void>((resolve) => {
    letGo = resolve
  })
  simulator.fault('api_authorizer_token', { holdUntil })
  const calls = [1, 2, 3].map(() => refresh(simulator, token, appId, refreshToken))
  await until('three calls are open', () => simulator.countCalls('api_authorizer_token', appId) === 3)
  letGo()
  await Promise.all(calls)
  t.equal(simulator.peakConcurrency('api_authorizer_token', appId), 3)
})

void t.test('a hundred waiting answers cause no warning, and all end when the simulator closes', async (t) => {
  const { simulator, appId, token, refreshToken } = await world(t)
  const warnings: string[] = []
  const onWarning = ({ name }: Error) => warnings.push(name)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  simulator.fault('api_authorizer_token', { delayAnswerMs: 60_000 })
  const calls = Array.from({ length: 100 }, () => refresh(simulator, token, appId, refreshToken))
  const ended = Promise.allSettled(calls)
  await until('all are open', () => simulator.countCalls('api_authorizer_token', appId) === 100)
  await simulator.close()
  await ended
  t.same(warnings, [])
})
