// Two refreshes of one authorizer at once, although the lease forbids it (its holder was frozen, its clock stood still): whatever
// the order in which WeChat serves and answers them, what is stored in the end is what WeChat holds. What the rules do beside that is
// told in test/wechat-core/tokens, over memory.
import { type AuthorizerAppId, GatewayError, Secret } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { startAuthority, type TokenAuthority } from './token-fixture.ts'

const REFRESH = 'api_authorizer_token'
const EXCHANGE = 'api_query_auth'

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

const field = (authority: TokenAuthority, appId: string, name: string) =>
  authority.redis.hget(`wx:{open1}:authorizer:${appId}`, name)

/** As if its holder had stood still for longer than the lease. */
const loseLease = (authority: TokenAuthority, appId: string) => authority.redis.del(`wx:{open1}:refresh_lease:${appId}`)

/** Started again, and every connection has found it. */
async function storeIsBack({ server, platforms, redis }: TokenAuthority): Promise<void> {
  await server.start()
  await until('all are connected', async () => {
    const looks = await Promise.allSettled([...platforms.map(({ tickets }) => tickets.status()), redis.ping()])
    return looks.every(({ status }) => status === 'fulfilled')
  })
}

/** What is stored is WeChat's current token, and the refresh token beside it works without any recovery. */
async function isSettled(t: Test, authority: TokenAuthority, appId: AuthorizerAppId): Promise<void> {
  const { simulator, platforms, redis } = authority
  const found = await redis.get(`wx:{open1}:access_token:${appId}`)
  t.equal(found, simulator.currentAccessToken(appId), 'the stored token is the current one')
  t.equal(await field(authority, appId, 'status'), 'active')
  const recoveries = simulator.countCalls('api_get_authorizer_info', appId)
  const { token } = await platforms[0].authorizerTokens.refreshNow(appId)
  t.ok(simulator.isCurrentAccessToken(appId, token.reveal()))
  const shown = simulator.countCalls('api_get_authorizer_info', appId)
  t.equal(shown, recoveries, 'the stored refresh token is the current one')
}

void t.test('the stored token is the one that WeChat holds', async (suite) => {
  const authority = await startAuthority()
  suite.teardown(() => authority.stop())
  const { simulator, platforms, redis } = authority
  const [a, b] = platforms.map(({ authorizerTokens }) => authorizerTokens)
  if (!a || !b) throw new Error('two processes')

  const committed = async (appId: string) => Number(await field(authority, appId, 'committedFence'))
  const recoveries = (appId: string) => simulator.countCalls('api_get_authorizer_info', appId)

  for (const served of ['AB', 'BA']) {
    for (const answered of ['AB', 'BA']) {
      await suite.test(`refresh tokens rotate: served ${served}, answered ${answered}`, async (t) => {
        simulator.configure({ refreshTokenRotation: 'strict' })
        const appId = await authority.authorized()
        const [serveA, answerA, answerB] = [gate(), gate(), gate()]
        if (served === 'AB') serveA.open()
        const faultA = simulator.fault(REFRESH, {
          appId,
          times: 1,
          holdUntil: serveA.opened,
          holdAnswerUntil: answerA.opened,
        })
        const atFirst = simulator.currentAccessToken(appId)
        const first = a.refreshNow(appId)
        await until('A has asked', () => faultA.caught === 1)
        if (served === 'AB') await until('A is served', () => simulator.currentAccessToken(appId) !== atFirst)
        await loseLease(authority, appId)
        const faultB = simulator.fault(REFRESH, { appId, times: 1, holdAnswerUntil: answerB.opened })
        const second = b.refreshNow(appId)
        await until('B has asked', () => faultB.caught === 1)
        serveA.open()
        if (answered === 'AB') {
          answerA.open()
          await until('A has come back', async () => (await committed(appId)) >= 1 || recoveries(appId) > 0)
          answerB.open()
        } else {
          answerB.open()
          await until('B has come back', async () => (await committed(appId)) >= 2 || recoveries(appId) > 0)
          answerA.open()
        }
        await Promise.all([first, second])
        await isSettled(t, authority, appId)
      })
    }
  }
  simulator.configure({ refreshTokenRotation: 'stable' })

  /** What is served after both is in force at once: no sweep runs here. */
  async function isServed(t: Test, appId: AuthorizerAppId): Promise<void> {
    for (const tokens of [a, b])
      t.ok(simulator.isCurrentAccessToken(appId, (await tokens?.get(appId))?.token.reveal() ?? ''))
    await isSettled(t, authority, appId)
  }

  for (const answered of ['the code first', 'the refresh first']) {
    await suite.test(`a code and a refresh of one account at once: answered ${answered}`, async (t) => {
      const appId = await authority.authorized()
      const [serveRefresh, answerCode, answerRefresh] = [gate(), gate(), gate()]
      const { authorizationCode } = await simulator.authorize(appId, { push: false })
      const heldCode = simulator.fault(EXCHANGE, { appId, times: 1, holdAnswerUntil: answerCode.opened })
      const exchanging = platforms[0].authorizations.exchangeCode(new Secret(authorizationCode))
      await until(
        'WeChat has served the code',
        () => heldCode.caught === 1 && simulator.currentRefreshToken(appId) !== undefined,
      )
      // Served after the code, by the refresh token that api_get_authorizer_info gives: the code's access token is superseded.
      const heldRefresh = simulator.fault(REFRESH, {
        appId,
        times: 1,
        after: 1,
        holdUntil: serveRefresh.opened,
        holdAnswerUntil: answerRefresh.opened,
      })
      const refreshing = b.refreshNow(appId)
      serveRefresh.open()
      await until('the refresh is served', () => heldRefresh.caught === 1)
      const inOrder = answered === 'the code first' ? [answerCode, answerRefresh] : [answerRefresh, answerCode]
      inOrder[0]?.open()
      if (answered === 'the code first') await exchanging
      else await refreshing
      inOrder[1]?.open()
      await Promise.all([exchanging, refreshing])
      await isServed(t, appId)
    })
  }

  await suite.test('1,000 reads in one turn are one look into Redis', async (t) => {
    const appId = await authority.authorized()
    const looks = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
    const before = await looks()
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => a.get(appId)))
    t.equal(new Set(tokens.map(({ token }) => token.reveal())).size, 1)
    t.ok((await looks()) - before <= 3)
  })

  await suite.test('a store that is away when WeChat has answered costs nobody a new authorization', async (t) => {
    simulator.configure({ refreshTokenRotation: 'strict' })
    const appId = await authority.authorized()
    const answer = gate()
    const before = simulator.currentAccessToken(appId)
    simulator.fault(REFRESH, { appId, times: 1, holdAnswerUntil: answer.opened })
    const refreshing = a.refreshNow(appId).catch((error: unknown) => error)
    await until('WeChat has served it', () => simulator.currentAccessToken(appId) !== before)
    await authority.server.kill()
    answer.open()
    t.match(await refreshing, { code: 'STORE_UNAVAILABLE' })
    await storeIsBack(authority)
    const refusals = new Set<string>()
    const healed = await until('it is refreshed again', async () => {
      await loseLease(authority, appId)
      return b.refreshNow(appId).catch((error: unknown) => {
        refusals.add(error instanceof GatewayError ? `${error.code} ${error.message}` : String(error))
        return undefined
      })
    }).catch((error: unknown) => {
      throw new Error(`refused: ${[...refusals].join(', ')}`, { cause: error })
    })
    t.ok(simulator.isCurrentAccessToken(appId, healed.token.reveal()))
    t.ok(
      Number(await redis.zscore('wx:{open1}:due', appId)) - Date.now() <= 60_000,
      'and once more, in case it was not the last',
    )
    await isSettled(t, authority, appId)
    simulator.configure({ refreshTokenRotation: 'stable' })
  })
})
