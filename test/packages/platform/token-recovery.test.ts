// A refresh token that is lost here and that api_get_authorizer_info does not give: WeChat's list of authorizers is asked before
// a person is.
import t from 'tap'
import { startAuthority } from './token-fixture.ts'

const REFRESH = 'api_authorizer_token'
const INFO = 'api_get_authorizer_info'
const LIST = 'api_get_authorizer_list'

void t.test('a lost refresh token', async (suite) => {
  const authority = await startAuthority({ simulator: { refreshTokenRotation: 'strict' } })
  suite.teardown(() => authority.stop())
  const { simulator, platforms, redis } = authority
  const { authorizerTokens } = platforms[0]
  simulator.fault(INFO, { omit: ['authorizer_refresh_token'] })

  /** WeChat has rotated it, and its answer did not arrive. */
  async function lost() {
    const appId = await authority.authorized()
    const answer = simulator.fault(REFRESH, { appId, times: 1, errcode: -1, takesEffect: true })
    await authorizerTokens.refreshNow(appId).catch(() => undefined)
    answer.remove()
    await redis.del(`wx:{open1}:refresh_error:${appId}`)
    return appId
  }
  const statusOf = (appId: string) => redis.hget(`wx:{open1}:authorizer:${appId}`, 'status')

  await suite.test('is found in the list, by one walk for all who wait', async (t) => {
    const appIds = await Promise.all(Array.from({ length: 20 }, lost))
    // The list's second page is the last one's.
    for (let number = 0; number < 500; number += 1) {
      const { appId } = simulator.addAccount()
      await simulator.authorize(appId, { push: false })
    }
    const last = await lost()
    appIds.push(last)
    simulator.clearCalls()
    const tokens = await Promise.all(appIds.map((appId) => authorizerTokens.refreshNow(appId)))
    for (const [index, { token }] of tokens.entries()) t.ok(simulator.isCurrentAccessToken(appIds[index] ?? '', token.reveal()))
    t.ok(simulator.countCalls(LIST) <= 4, `${simulator.countCalls(LIST)} pages of two`)
    t.equal(simulator.peakConcurrency(LIST), 1)
    simulator.clearCalls()
    await authorizerTokens.refreshNow(last)
    t.equal(simulator.countCalls(LIST), 0, 'what was found is stored')
  })

  await suite.test('while the list cannot be read, nobody is asked to authorize again', async (t) => {
    const appId = await lost()
    const refused = simulator.fault(LIST, { errcode: -1 })
    await t.rejects(authorizerTokens.refreshNow(appId), { code: 'WECHAT_API_ERROR', errcode: -1 })
    t.equal(await statusOf(appId), 'active')
    refused.remove()
    await redis.del(`wx:{open1}:refresh_error:${appId}`)
    const { token } = await authorizerTokens.refreshNow(appId)
    t.ok(simulator.isCurrentAccessToken(appId, token.reveal()))
  })

  await suite.test('that the list has not either needs a person', async (t) => {
    const appId = await lost()
    const without = simulator.fault(LIST, { replace: { refresh_token: '' } })
    await t.rejects(authorizerTokens.refreshNow(appId), { code: 'REAUTHORIZATION_REQUIRED' })
    t.equal(await statusOf(appId), 'reauthorization_required')
    without.remove()
  })
})
