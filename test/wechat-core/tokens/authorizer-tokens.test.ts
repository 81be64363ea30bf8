// The tokens of the accounts: a refresh token that WeChat refuses is looked for everywhere before a person has to act.
import { type AuthorizerAppId, Secret } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { FORCE_MIN_INTERVAL_MS, gate, LEASE_MS, nextTurn, startedAuthority } from './authority.ts'
import { appIdOf } from './played-wechat.ts'

const ACCOUNT = appIdOf(1)

/** An account that has authorized a while ago. */
async function authorized() {
  const authority = await startedAuthority()
  const { wechat, clock, a, authorizers } = authority
  await a.exchange.exchange(wechat.authorize(ACCOUNT))
  clock.pass(FORCE_MIN_INTERVAL_MS)
  wechat.calls.length = 0
  return {
    ...authority,
    async refresh(process = a) {
      await nextTurn()
      return (await process.tokens.refreshNow(ACCOUNT)).token.reveal()
    },
    status: () => authorizers.statusOf(ACCOUNT),
    /** WeChat has rotated the refresh token, and its answer did not arrive. */
    async lost() {
      wechat.fault('api_authorizer_token', { lost: true })
      await a.tokens.refreshNow(ACCOUNT).catch(() => undefined)
      clock.pass(FORCE_MIN_INTERVAL_MS)
      wechat.calls.length = 0
    },
    /** The refresh token that is stored, read by the refresh after. */
    async isSettled(t: Test, appId: AuthorizerAppId = ACCOUNT) {
      const stored = (await authorizers.read(appId)).stored
      t.equal(stored?.token.reveal(), wechat.current(appId).accessToken, 'the stored token is WeChat’s current one')
      await nextTurn()
      const searched = wechat.count('api_get_authorizer_info')
      t.equal((await a.tokens.refreshNow(appId)).token.reveal(), wechat.current(appId).accessToken)
      t.equal(wechat.count('api_get_authorizer_info'), searched, 'and so is the stored refresh token')
    },
  }
}

void t.test('a rotated refresh token is stored with its access token', async (t) => {
  const { wechat, notices, refresh, isSettled } = await authorized()
  for (let round = 0; round < 3; round += 1) t.equal(await refresh(), wechat.current(ACCOUNT).accessToken)
  await isSettled(t)
  t.strictSame(
    wechat.calls,
    Array.from({ length: 4 }, () => 'api_authorizer_token'),
  )
  t.equal(notices.filter((notice) => notice === `refreshed ${ACCOUNT}`).length, 4)
})

void t.test('an answer without a refresh token leaves the stored one', async (t) => {
  const { wechat, refresh, isSettled } = await authorized()
  wechat.rotates = false
  await refresh()
  await isSettled(t)
})

void t.test('an answer that fails changes nothing that is stored', async (t) => {
  const { wechat, clock, a, refresh, authorizers, isSettled } = await authorized()
  const before = await authorizers.read(ACCOUNT)
  for (const fault of [{ unreachable: true }, { refuse: -1 }, { refuse: 45009 }, { refuse: 48001 }]) {
    wechat.fault('api_authorizer_token', fault)
    await t.rejects(refresh(), { code: 'WECHAT_API_ERROR' })
    const after = await authorizers.read(ACCOUNT)
    t.strictSame([after.version, after.stored?.token.reveal()], [before.version, before.stored?.token.reveal()])
    clock.pass(1_000)
  }
  t.equal((await a.tokens.get(ACCOUNT)).token.reveal(), wechat.current(ACCOUNT).accessToken)
  await isSettled(t)
})

void t.test('a refresh token that is lost comes from api_get_authorizer_info', async (t) => {
  const { wechat, lost, refresh, isSettled } = await authorized()
  await lost()
  t.equal(await refresh(), wechat.current(ACCOUNT).accessToken)
  t.strictSame(wechat.calls, ['api_authorizer_token', 'api_get_authorizer_info', 'api_authorizer_token'])
  await isSettled(t)
})

void t.test('where that has none, those from before are tried, newest first', async (t) => {
  const { wechat, refresh, isSettled } = await authorized()
  const { refreshToken } = { ...wechat.current(ACCOUNT) }
  for (let round = 0; round < 2; round += 1) await refresh()
  wechat.hides.add('info').add('list')
  wechat.current(ACCOUNT).refreshToken = refreshToken
  wechat.calls.length = 0
  t.equal(await refresh(), wechat.current(ACCOUNT).accessToken)
  t.equal(wechat.count('api_authorizer_token'), 3, 'the stored one and one from before were refused')
  await isSettled(t)
})

void t.test('then WeChat’s list of all accounts, and what was found there is stored', async (t) => {
  const { wechat, lost, refresh, isSettled } = await authorized()
  wechat.hides.add('info')
  await lost()
  t.equal(await refresh(), wechat.current(ACCOUNT).accessToken)
  t.equal(wechat.count('api_get_authorizer_list'), 1)
  await isSettled(t)
  t.equal(wechat.count('api_get_authorizer_list'), 1)
})

void t.test('while the list cannot be read, nobody is asked to authorize again', async (t) => {
  const { wechat, clock, lost, refresh, status } = await authorized()
  wechat.hides.add('info')
  await lost()
  wechat.fault('api_get_authorizer_list', { refuse: -1 })
  await t.rejects(refresh(), { code: 'WECHAT_API_ERROR', errcode: -1 })
  t.equal(await status(), 'active')
  clock.pass(1_000)
  t.equal(await refresh(), wechat.current(ACCOUNT).accessToken)
})

void t.test('only when WeChat has refused them all is a person needed, which is told once', async (t) => {
  const { wechat, clock, notices, lost, refresh, status } = await authorized()
  wechat.hides.add('info').add('list')
  await lost()
  for (let round = 0; round < 2; round += 1) {
    await t.rejects(refresh(), { code: 'REAUTHORIZATION_REQUIRED' })
    clock.pass(1_000)
  }
  t.equal(await status(), 'reauthorization_required')
  t.equal(notices.filter((notice) => notice.startsWith('reauthorization')).length, 1)
  t.equal(wechat.count('api_authorizer_token'), 2, 'one that was refused is not tried twice in one refresh')
})

void t.test('a new authorization heals it', async (t) => {
  const { wechat, a, lost, refresh, status, isSettled } = await authorized()
  wechat.hides.add('info').add('list')
  await lost()
  await t.rejects(refresh(), { code: 'REAUTHORIZATION_REQUIRED' })
  await a.exchange.exchange(wechat.authorize(ACCOUNT))
  t.equal(await status(), 'active')
  await isSettled(t)
})

void t.test('"not authorized" is believed when a second API says the same', async (t) => {
  const { wechat, clock, refresh, status } = await authorized()
  wechat.fault('api_authorizer_token', { refuse: 61003 })
  await t.rejects(refresh(), { code: 'WECHAT_API_ERROR', errcode: 61003 })
  t.equal(await status(), 'active')
  clock.pass(1_000)
  wechat.revoke(ACCOUNT)
  await t.rejects(refresh(), { code: 'AUTHORIZER_REVOKED' })
  t.equal(await status(), 'revoked')
})

for (const [what, fault, isDoubtful] of [
  ['a call that WeChat never got', { unreachable: true }, true],
  ['a call that was not answered in time', { lost: true }, true],
  ['"busy"', { refuse: -1 }, true],
  ['a used up quota', { refuse: 45009 }, false],
] as const) {
  void t.test(`after ${what} the next token is due ${isDoubtful ? 'within a minute' : 'as usual'}`, async (t) => {
    const { wechat, clock, authorizers, refresh } = await authorized()
    wechat.fault('api_authorizer_token', fault)
    await t.rejects(refresh())
    clock.pass(1_000)
    await refresh()
    t.equal((authorizers.dueAtMs(ACCOUNT) ?? 0) - clock.nowMs() <= 60_000, isDoubtful)
  })
}

void t.test('a component token that WeChat refuses is replaced once, and the call repeated', async (t) => {
  const { wechat, refresh } = await authorized()
  wechat.fault('api_authorizer_token', { refuse: 40001 })
  t.equal(await refresh(), wechat.current(ACCOUNT).accessToken)
  t.equal(wechat.count('api_component_token'), 1)
  t.equal(wechat.count('api_authorizer_token'), 2)
})

void t.test('without a ticket no lease is taken and no account is asked about', async (t) => {
  const { wechat, clock, components, refresh } = await authorized()
  await components.saveTicket(new Secret('ticket'))
  clock.pass(7_200_000)
  wechat.fault('api_component_token', { refuse: 61005 })
  await t.rejects(refresh(), { code: 'WECHAT_API_ERROR', errcode: 61005 })
  t.strictSame(wechat.calls, ['api_component_token'])
})

void t.test('a verdict about refresh tokens that were replaced meanwhile does not count', async (t) => {
  const { wechat, clock, a, b, refresh, status, isSettled } = await authorized()
  const told = gate()
  wechat.hides.add('info').add('list')
  wechat.fault('api_authorizer_token', { refuse: 61023 })
  wechat.fault('api_get_authorizer_info', { after: told.opened })
  const first = refresh(a)
  await until('A asks for the current refresh token', () => wechat.count('api_get_authorizer_info') === 1)
  clock.pass(LEASE_MS)
  await refresh(b)
  told.open()
  await t.rejects(first, { code: 'WECHAT_API_ERROR' })
  t.equal(await status(), 'active')
  clock.pass(1_000)
  await isSettled(t)
})

void t.test('a revocation while a refresh is under way is final', async (t) => {
  const { wechat, clock, authorizers, refresh, status } = await authorized()
  const answer = gate()
  wechat.fault('api_authorizer_token', { after: answer.opened })
  const refreshing = refresh()
  await until('it is under way', () => wechat.count('api_authorizer_token') === 1)
  await authorizers.revoke(ACCOUNT, Math.floor(clock.nowMs() / 1000) + 1)
  answer.open()
  await t.rejects(refreshing, { code: 'AUTHORIZER_REVOKED' })
  t.equal(await status(), 'revoked')
  t.equal(authorizers.dueAtMs(ACCOUNT), undefined)
})

void t.test('an authorization while a refresh of the one before is under way wins', async (t) => {
  const { wechat, a, b, refresh, isSettled } = await authorized()
  const answer = gate()
  wechat.fault('api_authorizer_token', { after: answer.opened })
  const refreshing = refresh(a)
  await until('it is under way', () => wechat.count('api_authorizer_token') === 1)
  await b.exchange.exchange(wechat.authorize(ACCOUNT))
  answer.open()
  await refreshing
  await isSettled(t)
})

for (const rotates of [true, false]) {
  for (const served of ['AB', 'BA']) {
    for (const answered of ['AB', 'BA']) {
      const refreshTokens = rotates ? 'rotated' : 'kept'
      void t.test(`two refreshes, tokens ${refreshTokens}: served ${served}, answered ${answered}`, async (t) => {
        const { wechat, clock, a, b, refresh, isSettled } = await authorized()
        wechat.rotates = rotates
        const [serveA, answerA, answerB] = [gate(), gate(), gate()]
        if (served === 'AB') serveA.open()
        wechat.fault('api_authorizer_token', { before: serveA.opened, after: answerA.opened })
        wechat.fault('api_authorizer_token', { after: answerB.opened })
        const refreshes = [refresh(a)]
        await until('A has asked', () => wechat.count('api_authorizer_token') === 1)
        clock.pass(LEASE_MS)
        refreshes.push(refresh(b))
        await until('B has asked', () => wechat.count('api_authorizer_token') >= 2)
        serveA.open()
        for (const { open } of answered === 'AB' ? [answerA, answerB] : [answerB, answerA]) {
          open()
          await nextTurn()
        }
        await Promise.all(refreshes)
        await isSettled(t)
      })
    }
  }
}
