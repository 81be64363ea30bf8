// Tokens over two ingresses and two workers: refreshed once, never lost, never stale.
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { Answer, Gateway } from '../../helpers/gateway.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'
import { dumpRedis } from '../../hostile/secret-search.ts'

/** Begins without a ticket. */
export async function tokenAuthority(story: Test, gateway: Gateway): Promise<void> {
  const { simulator } = gateway
  const { put, remove } = subscriptionsOf(gateway)
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())
  const refreshes = (appId: string) => simulator.countCalls('api_authorizer_token', appId)

  let accounts = 0
  async function authorized(): Promise<string> {
    accounts += 1
    const appId = `wx${accounts.toString(16).padStart(16, '0')}`
    simulator.addAccount({ appId, userName: `gh_${accounts}` })
    await simulator.authorize(appId)
    await until(`${appId} is active with its profile`, async () => {
      const { body } = await gateway.call('GET', `/authorizers/${appId}`)
      return body.status === 'active' && body.nick_name !== null
    })
    return appId
  }

  async function expired(appId: string): Promise<void> {
    simulator.configure({ tokenLifetimeSeconds: 2 })
    await gateway.call('GET', `/access_token/${appId}?force=true`)
    await until('the token is over', async () => (await redis.exists(`wx:{open1}:access_token:${appId}`)) === 0)
    simulator.configure({ tokenLifetimeSeconds: 7200 })
    simulator.clearCalls()
  }

  /** Calls on both ingresses in turn. */
  const readMany = (count: number, path: string) =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const base = gateway.ingresses[index % 2]?.internalUrl ?? ''
        const response = await fetch(`${base}/apis/v1/wx/open1${path}`, { headers: gateway.auth })
        const body = (await response.json()) as Answer
        return { status: response.status, body }
      }),
    )

  await story.test('a ticket is in force as soon as it is acknowledged', async (t) => {
    t.equal((await gateway.call('GET', '/component_access_token')).status, 503)
    t.ok((await simulator.pushTicket()).ok)
    t.equal((await gateway.call('GET', '/component_access_token')).status, 200)
  })

  await story.test('1,000 parallel reads of an expired token ask WeChat once', async (t) => {
    const appId = await authorized()
    await expired(appId)
    const answers = await readMany(1000, `/access_token/${appId}`)
    t.ok(answers.every(({ status }) => status === 200))
    t.equal(new Set(answers.map(({ body }) => body.token)).size, 1)
    t.ok(simulator.isCurrentAccessToken(appId, String(answers[0]?.body.token)))
    t.equal(refreshes(appId), 1)
  })

  await story.test('only when WeChat has refused every refresh token is a person needed', async (t) => {
    const appId = await authorized()
    await put('alarms', {
      sink: { kind: 'stream' },
      match: { types: ['gateway.authorizer.*'] },
    })
    const refused = simulator.fault('api_authorizer_token', {
      appId,
      errcode: 61023,
      errmsg: 'refresh_token is invalid',
    })
    const { status, body } = await gateway.call('GET', `/access_token/${appId}?force=true`)
    t.equal(status, 409)
    t.equal(body.code, 'REAUTHORIZATION_REQUIRED')
    t.equal((await gateway.call('GET', `/authorizers/${appId}`)).body.status, 'reauthorization_required')
    await until('the alarm is told', async () => (await redis.xlen('wx:{stream.open1.alarms}')) === 1)
    refused.remove()
    await simulator.authorize(appId, { push: 'authorized' })
    await until(
      'a new authorization heals it',
      async () => (await gateway.call('GET', `/authorizers/${appId}`)).body.status === 'active',
    )
    t.equal((await gateway.call('GET', `/access_token/${appId}?force=true`)).status, 200)
  })

  await story.test(
    'an account whose refreshes fail is announced at the 3rd and 10th in a row, once over all processes',
    async (t) => {
      const appId = await authorized()
      await put('failing', {
        sink: { kind: 'stream' },
        match: { types: ['gateway.token.refresh_failing'] },
      })
      const told = async () => {
        const entries = await redis.xrange('wx:{stream.open1.failing}', '-', '+')
        return entries.map(
          ([, fields]) => (JSON.parse(fields[fields.indexOf('event') + 1] ?? '') as { data: object }).data,
        )
      }
      const failures = async (count: number) => {
        const refused = simulator.fault('api_authorizer_token', { appId, errcode: -1, errmsg: 'system error' })
        for (let failed = 0; failed < count; failed += 1) {
          await until('a refresh fails', async () => {
            await redis.del(`wx:{open1}:refresh_error:${appId}`)
            const answers = await readMany(2, `/access_token/${appId}?force=true`)
            return answers.some(({ status }) => status === 502)
          })
        }
        refused.remove()
        await redis.del(`wx:{open1}:refresh_error:${appId}`)
      }
      await failures(11)
      await until('it is told twice', async () => (await told()).length === 2)
      t.equal((await gateway.call('GET', `/access_token/${appId}?force=true`)).status, 200)
      await failures(3)
      await until('it is told of the next row', async () => (await told()).length === 3)
      t.same(
        await told(),
        [3, 10, 3].map((streak) => ({ appid: appId, streak, errcode: -1 })),
      )
      const processes = [...gateway.ingresses, ...gateway.workers]
      const lines = processes.flatMap(({ process }) =>
        process.logLines().filter(({ msg }) => msg === 'token.refresh_failing'),
      )
      t.equal(lines.length, 3)
      const urls = [
        ...gateway.ingresses.map(({ internalUrl }) => internalUrl),
        ...gateway.workers.map(({ url }) => url),
      ]
      const metrics = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()))
      const counted = metrics.flatMap((text) => [...text.matchAll(/^wxgw_token_refresh_failing_total\{.*\} (\d+)$/gmu)])
      t.equal(
        counted.reduce((sum, [, count]) => sum + Number(count), 0),
        3,
      )
    },
  )

  await story.test('unauthorized ends everything at once, and what comes late brings nothing back', async (t) => {
    const appId = await authorized()
    const now = Math.floor(Date.now() / 1000)
    await simulator.unauthorize(appId, { createTimeSeconds: now + 5 })
    await until('it is revoked', async () => (await gateway.call('GET', `/access_token/${appId}`)).status === 410)
    t.equal(await redis.exists(`wx:{open1}:access_token:${appId}`, `wx:{open1}:refresh_token_history:${appId}`), 0)
    t.equal(await redis.hget(`wx:{open1}:authorizer:${appId}`, 'refreshToken'), '')
    await simulator.authorize(appId, { push: 'authorized', createTimeSeconds: now })
    const later = await authorized()
    t.equal(
      (await gateway.call('GET', `/authorizers/${appId}`)).body.status,
      'revoked',
      `${later} came after it and is active`,
    )
  })

  await story.test('a code that comes by push and by 50 redirects is exchanged once', async (t) => {
    const appId = 'wx00000000000000ff'
    simulator.addAccount({ appId, userName: 'gh_ff' })
    simulator.clearCalls()
    const { authorizationCode } = await simulator.authorize(appId)
    const answers = await readMany(50, `/mpinfo?auth_code=${encodeURIComponent(authorizationCode)}`)
    t.ok(answers.every(({ status }) => status === 200))
    t.ok(
      answers.every(
        ({ body }) =>
          body.authorizer_appid === appId &&
          simulator.isCurrentAccessToken(appId, String(body.authorizer_access_token)),
      ),
    )
    t.equal(answers[0]?.body.authorizer_refresh_token, simulator.currentRefreshToken(appId))
    t.equal(simulator.countCalls('api_query_auth'), 1)
    const refused = await gateway.call('GET', '/mpinfo?auth_code=queryauthcode%40%40%40nonsense')
    t.equal(refused.status, 400)
    t.equal(refused.body.code, 'AUTHORIZATION_CODE_INVALID')
  })

  await story.test('sync finds what was lost: an account never heard of, and a refresh token gone', async (t) => {
    const silent = 'wx00000000000000fe'
    simulator.addAccount({ appId: silent, userName: 'gh_fe', nickName: 'silent' })
    await simulator.authorize(silent, { push: false })
    const damaged = await authorized()
    await redis.hset(`wx:{open1}:authorizer:${damaged}`, 'refreshToken', '')
    const started = await gateway.call('POST', '/authorizers/sync')
    t.equal(started.status, 202)
    const state = await until('the sync is done', async () => {
      const { body } = await gateway.call('GET', `/authorizers/sync/${started.body.jobId}`)
      return body.status === 'completed' ? body : undefined
    })
    t.equal(state.added, 1)
    t.equal(state.repaired, 1)
    t.equal((await gateway.call('GET', `/access_token/${damaged}?force=true`)).status, 200)
  })

  await story.test('a jsapi ticket is fetched once and signs pages', async (t) => {
    const appId = await authorized()
    simulator.clearCalls()
    const tickets = await readMany(20, `/ticket/${appId}?type=jsapi`)
    t.ok(tickets.every(({ status }) => status === 200))
    t.equal(simulator.countCalls('ticket/getticket'), 1)
    const { status, body } = await gateway.call(
      'GET',
      `/jssdk_config/${appId}?url=${encodeURIComponent('https://shop.example/a?b=1#c')}`,
    )
    t.equal(status, 200)
    t.match(body, { appId, timestamp: Number, nonceStr: String, signature: /^[0-9a-f]{40}$/ })
  })

  await story.test('no ticket and no refresh token stands in clear anywhere in Redis', async (t) => {
    const secrets = [simulator.latestTicket(), simulator.currentRefreshToken('wx0000000000000001')].map(String)
    for (const { key, text } of await dumpRedis(redis)) {
      if (secrets.some((secret) => text.includes(secret))) t.fail(`a secret stands in ${key}`)
    }
  })
  await remove('alarms', 'failing')
}
