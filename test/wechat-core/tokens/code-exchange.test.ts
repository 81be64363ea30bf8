// A code is exchanged once, however often and by whichever door it comes, and what fails on the way loses no authorization.
import { authorizationCodeHash, type AuthorizerAppId, type Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { gate, LEASE_MS, startedAuthority, tokenAuthority } from './authority.ts'
import { appIdOf } from './played-wechat.ts'

const ACCOUNT = appIdOf(1)
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

async function started() {
  const authority = await startedAuthority()
  const { clock, authorizers } = authority
  return {
    ...authority,
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
    /** What WeChat's event says of the account, received `ageMs` ago. */
    pushed: (ageMs = 0) => ({
      authorizerAppId: ACCOUNT,
      createTimeSeconds: Math.floor((clock.nowMs() - ageMs) / 1000),
      receivedAtMs: clock.nowMs() - ageMs,
    }),
    storedToken: async (appId: AuthorizerAppId = ACCOUNT) => (await authorizers.read(appId)).stored?.token.reveal(),
  }
}

void t.test('a code that comes by push and by 50 redirects at two processes is exchanged once', async (t) => {
  const { wechat, a, b, pushed, storedToken } = await started()
  const code = wechat.authorize(ACCOUNT)
  const brought = Array.from({ length: 50 }, (_, index) => (index % 2 ? a : b).exchange.exchange(code))
  const found = await Promise.all([a.exchange.exchange(code, pushed()), ...brought])
  t.strictSame([...new Set(found)], [ACCOUNT])
  t.equal(wechat.count('api_query_auth'), 1)
  t.equal(await storedToken(), wechat.current(ACCOUNT).accessToken)
  t.equal(await b.exchange.accountOf(code), ACCOUNT)
})

void t.test('the event that comes after the browser gives the authorization its time', async (t) => {
  const { wechat, a, pushed, authorizers } = await started()
  const code = wechat.authorize(ACCOUNT)
  await a.exchange.exchange(code)
  const event = pushed(MINUTE_MS)
  await a.exchange.exchange(code, event)
  t.equal(await authorizers.revoke(ACCOUNT, event.createTimeSeconds - 1), 'ignored')
  t.equal(await authorizers.revoke(ACCOUNT, event.createTimeSeconds + 1), 'revoked')
})

void t.test('a browser’s code that WeChat refuses is refused for a minute without asking again', async (t) => {
  const { wechat, clock, a, b } = await started()
  const code = wechat.authorize(ACCOUNT)
  wechat.fault('api_query_auth', { refuse: 61010 })
  await t.rejects(a.exchange.exchange(code), { code: 'AUTHORIZATION_CODE_INVALID', cause: { errcode: 61010 } })
  clock.pass(MINUTE_MS - 1)
  await t.rejects(b.exchange.exchange(code), { code: 'AUTHORIZATION_CODE_INVALID', cause: { errcode: 61010 } })
  t.equal(wechat.count('api_query_auth'), 1)
  clock.pass(1)
  t.equal(await b.exchange.exchange(code), ACCOUNT)
})

void t.test('an event asks WeChat although a browser’s code has just been refused', async (t) => {
  const { wechat, a, b, pushed } = await started()
  const code = wechat.authorize(ACCOUNT)
  wechat.fault('api_query_auth', { refuse: 61010 })
  await t.rejects(a.exchange.exchange(code), { code: 'AUTHORIZATION_CODE_INVALID' })
  t.equal(await b.exchange.exchange(code, pushed()), ACCOUNT)
  t.equal(wechat.count('api_query_auth'), 2)
  t.equal(wechat.count('api_get_authorizer_info'), 0)
})

void t.test('a refusal after an answer that was lost is no verdict about the code', async (t) => {
  const { wechat, a, pushed, storedToken } = await started()
  const code = wechat.authorize(ACCOUNT)
  wechat.fault('api_query_auth', { lost: true })
  await t.rejects(a.exchange.exchange(code), { code: 'WECHAT_API_TIMEOUT' })
  for (let round = 0; round < 2; round += 1)
    await t.rejects(a.exchange.exchange(code), { code: 'AUTHORIZATION_CODE_INVALID' })
  t.equal(wechat.count('api_query_auth'), 3, 'it is not remembered')
  t.equal(await a.exchange.exchange(code, pushed()), ACCOUNT, 'the pushed event knows whose it is')
  t.equal(await storedToken(), undefined)
  t.equal((await a.tokens.get(ACCOUNT)).token.reveal(), wechat.current(ACCOUNT).accessToken)
})

void t.test('a dead process holds its code for the lease, then the event recovers the account', async (t) => {
  const { wechat, clock, a, b, pushed } = await started()
  const code = wechat.authorize(ACCOUNT)
  const never = gate()
  wechat.fault('api_query_auth', { after: never.opened })
  const died = a.exchange.exchange(code)
  await until('it has asked', () => wechat.count('api_query_auth') === 1)
  const recovered = b.exchange.exchange(code, pushed())
  clock.pass(LEASE_MS)
  t.equal(await recovered, ACCOUNT)
  t.equal((await b.tokens.get(ACCOUNT)).token.reveal(), wechat.current(ACCOUNT).accessToken)
  never.open()
  await died
})

void t.test('while a ticket is missing no code is touched', async (t) => {
  const { wechat, codes, openProcess } = tokenAuthority()
  const code = wechat.authorize(ACCOUNT)
  await t.rejects(openProcess().exchange.exchange(code), { code: 'COMPONENT_TICKET_MISSING' })
  t.strictSame(wechat.calls, [])
  t.equal(codes.get(authorizationCodeHash(code)), undefined)
})

void t.test('an account without any API permission is stored without tokens', async (t) => {
  const { wechat, a, authorizers, storedToken } = await started()
  t.equal(await a.exchange.exchange(wechat.authorize(ACCOUNT, { withoutTokens: true })), ACCOUNT)
  t.equal(await storedToken(), undefined)
  t.equal(await authorizers.statusOf(ACCOUNT), 'active')
})

void t.test('an account that revokes while a browser’s code is being exchanged stays revoked', async (t) => {
  const { wechat, a, authorizers, nowSeconds } = await started()
  const answer = gate()
  wechat.fault('api_query_auth', { after: answer.opened })
  const exchanging = a.exchange.exchange(wechat.authorize(ACCOUNT))
  await until('WeChat is asked', () => wechat.count('api_query_auth') === 1)
  await authorizers.revoke(ACCOUNT, nowSeconds())
  answer.open()
  await t.rejects(exchanging, { code: 'AUTHORIZER_REVOKED' })
  t.equal(await authorizers.statusOf(ACCOUNT), 'revoked')
})

void t.test('an event older than a known revocation restores nothing and costs no call', async (t) => {
  const { wechat, a, authorizers, pushed, nowSeconds } = await started()
  await authorizers.revoke(ACCOUNT, nowSeconds() + 1)
  await t.rejects(a.exchange.exchange(wechat.authorize(ACCOUNT), pushed()), { code: 'AUTHORIZER_REVOKED' })
  t.equal(wechat.count('api_query_auth'), 0)
})

for (const served of ['AB', 'BA']) {
  for (const answered of ['AB', 'BA']) {
    void t.test(`two codes of one account at once: served ${served}, answered ${answered}`, async (t) => {
      const { wechat, clock, a, b } = await started()
      const [serveA, answerA, answerB] = [gate(), gate(), gate()]
      if (served === 'AB') serveA.open()
      wechat.fault('api_query_auth', { before: serveA.opened, after: answerA.opened })
      wechat.fault('api_query_auth', { after: answerB.opened })
      const exchanges = [a.exchange.exchange(wechat.authorize(ACCOUNT))]
      await until('A has asked', () => wechat.count('api_query_auth') === 1)
      exchanges.push(b.exchange.exchange(wechat.authorize(ACCOUNT)))
      await until('B has asked', () => wechat.count('api_query_auth') === 2)
      serveA.open()
      const [first, last] = answered === 'AB' ? [answerA, answerB] : [answerB, answerA]
      first.open()
      await Promise.race(exchanges)
      clock.pass(1)
      last.open()
      await Promise.all(exchanges)
      for (const { tokens } of [a, b])
        t.equal((await tokens.get(ACCOUNT)).token.reveal(), wechat.current(ACCOUNT).accessToken)
    })
  }
}

/** An event whose code never works. */
async function refused(errcode = 61009) {
  const authority = await started()
  const { wechat, a } = authority
  const code = wechat.authorize(ACCOUNT)
  wechat.always('api_query_auth', { refuse: errcode })
  type Pushed = ReturnType<typeof authority.pushed>
  return {
    ...authority,
    code,
    exchange: (pushed: Pushed, brought: Secret = code) => a.exchange.exchange(brought, pushed),
  }
}

void t.test('a refused code of an event falls back to api_get_authorizer_info, due at once', async (t) => {
  const { wechat, authorizers, clock, exchange, pushed } = await refused()
  t.equal(await exchange(pushed()), ACCOUNT)
  t.ok((authorizers.dueAtMs(ACCOUNT) ?? Infinity) <= clock.nowMs())
  t.equal(wechat.count('api_get_authorizer_list'), 0)
})

void t.test("without a refresh token there, WeChat's list is searched, once in ten minutes", async (t) => {
  const { wechat, clock, exchange, pushed, a } = await refused()
  wechat.hides.add('info').add('list')
  const event = pushed()
  await t.rejects(exchange(event), { code: 'WECHAT_API_ERROR', errcode: 61009 })
  await t.rejects(exchange(event), { code: 'WECHAT_API_ERROR', errcode: 61009 })
  t.equal(wechat.count('api_get_authorizer_list'), 1)
  clock.pass(10 * MINUTE_MS)
  wechat.hides.delete('list')
  t.equal(await exchange(event), ACCOUNT)
  t.equal(wechat.count('api_get_authorizer_list'), 2)
  wechat.hides.delete('info')
  t.equal((await a.tokens.get(ACCOUNT)).token.reveal(), wechat.current(ACCOUNT).accessToken)
})

void t.test('a code that nobody knows yet may work next time', async (t) => {
  const { wechat, exchange, pushed } = await refused()
  wechat.hides.add('info').add('list')
  const event = pushed()
  await t.rejects(exchange(event), { code: 'WECHAT_API_ERROR', errcode: 61009 })
  wechat.always('api_query_auth', undefined)
  t.equal(await exchange(event), ACCOUNT)
})

void t.test('after an hour an account that WeChat lists is stored without a refresh token', async (t) => {
  const { wechat, authorizers, clock, exchange, pushed } = await refused()
  wechat.hides.add('info').add('list')
  const event = pushed()
  clock.pass(HOUR_MS - 1)
  await t.rejects(exchange(event), { code: 'WECHAT_API_ERROR', errcode: 61009 })
  clock.pass(1)
  t.equal(await exchange(event), ACCOUNT)
  t.equal(await authorizers.statusOf(ACCOUNT), 'active')
})

void t.test('a refusal that says nothing about the code is believed when the event is a minute old', async (t) => {
  const { wechat, clock, exchange, pushed } = await refused(61003)
  const event = pushed()
  await t.rejects(exchange(event), { code: 'WECHAT_API_ERROR', errcode: 61003 })
  t.equal(wechat.count('api_get_authorizer_info'), 0)
  clock.pass(MINUTE_MS)
  t.equal(await exchange(event), ACCOUNT)
})

for (const errcode of [-1, 45011, 40164]) {
  void t.test(`errcode ${errcode} is no verdict as long as the code lives`, async (t) => {
    const { wechat, clock, exchange, pushed } = await refused(errcode)
    const event = pushed()
    clock.pass(HOUR_MS - 1)
    await t.rejects(exchange(event), { code: 'WECHAT_API_ERROR', errcode })
    t.equal(wechat.count('api_get_authorizer_info'), 0)
    clock.pass(1)
    t.equal(await exchange(event), ACCOUNT)
  })
}
