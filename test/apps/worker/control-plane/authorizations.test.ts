// Authorizations that WeChat pushes: no refusal loses one, nothing holds the event up for more than ten minutes, and the account is
// stored in the end. Real jobs over real stores; the time of receipt is what the test says.
import { catalogue } from '@wxgw/catalogue'
import type { ComponentEventJob, GatewayEvent } from '@wxgw/contracts'
import { connectRedis } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { type AuthorizerAppId, GatewayError, Secret } from '@wxgw/wechat-core'
import { handleComponentEvent, startWorkers } from '@wxgw/worker'
import t from 'tap'
import { until } from '../../../helpers/until.ts'
import { appIdOf, startAuthority } from '../../../packages/platform/token-fixture.ts'

const EXCHANGE = 'api_query_auth'
const INFO = 'api_get_authorizer_info'
const WAIT_MS = 600_000

void t.test('a pushed authorization', async (suite) => {
  const authority = await startAuthority()
  const { simulator, platforms, config } = authority
  const [platform] = platforms
  const componentAppId = simulator.component.appId
  const lines: Array<Record<string, unknown>> = []
  const write = (level: string) => (fields: Record<string, unknown>, msg: string) =>
    void lines.push({ level, msg, ...fields })
  const log: Log = { debug() {}, info: write('info'), warn: write('warn'), error: write('error') }

  const told: GatewayEvent[] = []
  const connection = connectRedis(config.redis, 'blocking', () => {})
  const workers = startWorkers({
    connection,
    platforms: new Map([['open1', platform]]),
    fanOutOf: () => async (job) => {
      told.push(job.event)
      return { delivered: 0, enqueued: 0 }
    },
    nowMs: Date.now,
    log,
  })
  suite.teardown(async () => {
    await Promise.all(workers.map((worker) => worker.close()))
    connection.disconnect()
    await authority.stop()
  })

  let accounts = 1000
  function account(): AuthorizerAppId {
    accounts += 1
    const appId = appIdOf(accounts)
    simulator.addAccount({ appId, userName: `gh_${accounts}`, nickName: `name ${accounts}` })
    return appId
  }

  type Pushed = { appId: AuthorizerAppId; code?: string; infoType?: string; receivedMsAgo?: number }

  function jobOf({ appId, code, infoType = 'authorized', receivedMsAgo = 0 }: Required<Pick<Pushed, 'code'>> & Pushed) {
    const now = Date.now()
    const fields = infoType.startsWith('notify')
      ? `<appid>${appId}</appid><status>0</status><auth_code>${code}</auth_code>`
      : `<AuthorizerAppid>${appId}</AuthorizerAppid><AuthorizationCode>${code}</AuthorizationCode>`
    const createTime = `<CreateTime>${Math.floor(now / 1000)}</CreateTime>`
    const plaintext = `<xml><AppId>${componentAppId}</AppId>${createTime}<InfoType>${infoType}</InfoType>${fields}</xml>`
    return { eventId: `ev_${appId}_${infoType}`, plaintext, receivedAtMs: now - receivedMsAgo }
  }

  const eventJob = (eventId: string, receivedAtMs: number): ComponentEventJob => {
    return { v: 1, kind: 'component-event', platform: 'open1', eventId, receivedAtMs, sealedPlaintext: '' }
  }

  /** Taken by the queue as the ingress hands it over; answers the id of the event. */
  async function push(pushed: Pushed): Promise<string> {
    const code = pushed.code ?? (await simulator.authorize(pushed.appId, { push: false })).authorizationCode
    const job = jobOf({ ...pushed, code })
    await platform.pushQueue.componentEvent({ ...job, made: 'ordered' })
    return job.eventId
  }

  const toldOf = (id: string) => until(`${id} is announced`, () => told.find((event) => event.id === id))
  const untilActive = (appId: AuthorizerAppId) =>
    until(`${appId} is stored with its profile`, async () => {
      const authorizer = await platform.authorizers.get(appId)
      return authorizer?.status === 'active' && authorizer.profile
    })
  async function hasCurrentToken(appId: AuthorizerAppId): Promise<boolean> {
    return simulator.isCurrentAccessToken(appId, (await platform.authorizerTokens.get(appId)).token.reveal())
  }

  // Some of each kind, and one that nobody knows.
  const errcodes = [...new Map(catalogue.errcodes.map(({ code, kind }) => [kind, code])).values(), 99_999]

  for (const api of [EXCHANGE, INFO]) {
    await suite.test(`one refusal of ${api} by any errcode loses no event, account or profile`, async (t) => {
      await Promise.all(
        errcodes.map(async (errcode) => {
          const appId = account()
          const fault = simulator.fault(api, { appId, times: 1, errcode })
          const event = await toldOf(await push({ appId }))
          t.equal(fault.caught, 1, `${errcode} was answered`)
          t.match(event.data, { authorizer: { appid: appId, status: 'active', nick_name: /^name/ } }, String(errcode))
          t.ok(await hasCurrentToken(appId))
        }),
      )
    })
  }

  for (const absent of [null, '', [], {}]) {
    await suite.test(`an authorization_info of ${JSON.stringify(absent)} costs neither time nor profile`, async (t) => {
      const appId = account()
      const fault = simulator.fault(INFO, { appId, replace: { authorization_info: absent } })
      t.match((await toldOf(await push({ appId }))).data, { authorizer: { nick_name: /^name/ } })
      t.equal(fault.caught, 1, 'at the first attempt')
      fault.remove()
    })
  }

  for (const infoRefusals of [0, 1]) {
    const by = infoRefusals === 0 ? INFO : 'api_get_authorizer_list'
    await suite.test(`an account whose code is refused for good is found by ${by}, stored and announced`, async (t) => {
      const appId = await authority.authorized()
      const code = simulator.fault(EXCHANGE, { appId, errcode: 61003 })
      if (infoRefusals > 0) simulator.fault(INFO, { appId, errcode: 61003, times: infoRefusals })
      t.match((await toldOf(await push({ appId, receivedMsAgo: 61_000 }))).data, { authorizer: { appid: appId } })
      t.equal(code.caught, 1)
      t.ok(await hasCurrentToken(appId))
      code.remove()
    })
  }

  await suite.test("a code whose answers are lost until it ends is replaced by the account's info", async (t) => {
    const appId = await authority.authorized()
    const fault = simulator.fault(EXCHANGE, { appId, resetAfter: true })
    t.match((await toldOf(await push({ appId, receivedMsAgo: 3_600_000 }))).data, { authorizer: { appid: appId } })
    t.ok(await hasCurrentToken(appId))
    fault.remove()
  })

  await suite.test('while WeChat is out of reach the event waits no longer either', async (t) => {
    const appId = account()
    const down = simulator.fault('*', { resetBefore: true })
    const id = await push({ appId, receivedMsAgo: WAIT_MS - 2_000 })
    t.notOk('authorizer' in (await toldOf(id)).data)
    down.remove()
    t.ok(await untilActive(appId))
  })

  await suite.test('an event waits ten minutes for its exchange, then comes once without it', async (t) => {
    const appId = account()
    const fault = simulator.fault(EXCHANGE, { appId, errcode: 61003 })
    const id = await push({ appId, receivedMsAgo: WAIT_MS - 4_000 })
    await until('it was refused twice', () => fault.caught >= 2)
    t.notOk(
      told.some((event) => event.id === id),
      'it waits',
    )
    const event = await toldOf(id)
    t.notOk('authorizer' in event.data)
    t.ok(Date.parse(event.time) > 0)
    fault.remove()
    t.ok(await untilActive(appId))
    t.ok(await hasCurrentToken(appId))
    t.equal(told.filter((event) => event.id === id).length, 1)
  })

  await suite.test('another event that carries a code waits for nothing, and its account is completed', async (t) => {
    const appId = account()
    const fault = simulator.fault(EXCHANGE, { appId, times: 2, errcode: 61003 })
    const id = await push({ appId, infoType: 'notify_third_fasteregister' })
    const event = await toldOf(id)
    t.ok(fault.caught < 2, 'before its code was taken')
    t.match(event, { type: 'wechat.component.notify_third_fasteregister', authorizerappid: appId })
    t.notOk('auth_code' in event.data)
    t.ok(await untilActive(appId))
    t.equal(told.filter((one) => one.id === id).length, 1)
  })

  await suite.test('one that WeChat refuses for good is delivered all the same', async (t) => {
    const appId = account()
    t.match(
      await toldOf(await push({ appId, code: 'queryauthcode@@@nonsense', infoType: 'notify_third_fasteregister' })),
      { authorizerappid: appId },
    )
  })

  await suite.test('a run that is repeated, as after a kill, announces once', async (t) => {
    const appId = account()
    const { eventId, plaintext, receivedAtMs } = jobOf({
      appId,
      code: 'queryauthcode@@@unknown',
      receivedMsAgo: WAIT_MS,
    })
    const wanted: ComponentEventJob[] = []
    const exchangeWanted = async (job: ComponentEventJob) => void wanted.push(job)
    const recording = {
      ...platform,
      sealedJobs: { openComponentEvent: () => plaintext },
      jobs: { ...platform.jobs, exchangeWanted },
    }
    const job = eventJob(eventId, receivedAtMs)
    const deps = { platforms: new Map([['open1', recording]]), nowMs: Date.now, log }
    for (let run = 0; run < 2; run += 1) await handleComponentEvent(job, { attempt: 2, attemptsLeft: 60 }, deps)
    t.equal(wanted.length, 2, 'the queue takes the first of them')
    await toldOf(await push({ appId: account() }))
    t.equal(told.filter((event) => event.id === eventId).length, 1)
  })

  await suite.test('an account that revoked while its event waited is not announced', async (t) => {
    const appId = account()
    const fault = simulator.fault(EXCHANGE, { appId, errcode: 61003 })
    const id = await push({ appId, receivedMsAgo: WAIT_MS - 2_000 })
    await until('it was refused', () => fault.caught >= 1)
    await platform.authorizations.revoke(appId, Math.floor(Date.now() / 1000) + 1)
    await until('it is given up', () =>
      lines.some((line) => line['eventId'] === id && line['outcome'] === 'revoked meanwhile'),
    )
    t.notOk(told.some((event) => event.id === id))
    fault.remove()
  })

  await suite.test('what is given up ends with an error line and an event', async (t) => {
    const appId = account()
    const { eventId, plaintext, receivedAtMs } = jobOf({ appId, code: 'queryauthcode@@@nonsense' })
    const job: ComponentEventJob = { ...eventJob(eventId, receivedAtMs), announced: true }
    const opened = { ...platform, sealedJobs: { openComponentEvent: () => plaintext } }
    const deps = { platforms: new Map([['open1', opened]]), nowMs: Date.now, log }
    // A store that is late on a busy machine is no reason to give up, and not what this is about.
    const code = await until('WeChat refuses it', async () => {
      const error = await handleComponentEvent(job, { attempt: 126, attemptsLeft: 0 }, deps).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!(error instanceof GatewayError)) throw new Error('it was not given up', { cause: error })
      return error.code !== 'STORE_UNAVAILABLE' && error.code
    })
    t.equal(code, 'WECHAT_API_ERROR')
    const found = lines.find((line) => line['level'] === 'error' && line['eventId'] === eventId)
    t.match(found, { msg: 'authorization.incomplete', appid: appId, eventId })
    const event = await until('it is announced', () =>
      told.find(
        ({ type, authorizerappid }) => type === 'gateway.authorization.incomplete' && authorizerappid === appId,
      ),
    )
    t.match(event, { data: { appid: appId, code: 'WECHAT_API_ERROR', errcode: '61009' } })
  })

  await suite.test('an authorization pushed without a code is announced, its account listed', async (t) => {
    const appId = account()
    await simulator.authorize(appId, { push: false })
    t.match(await toldOf(await push({ appId, code: '' })), {
      type: 'wechat.component.authorized',
      authorizerappid: appId,
    })
    t.ok(await untilActive(appId))
  })

  await suite.test('a sync whose list is refused once, however finally, goes on', async (t) => {
    const refused = simulator.fault('api_get_authorizer_list', { times: 1, errcode: 61004 })
    const { jobId } = await platform.jobs.sync()
    const state = await until('it is done', async () => {
      const found = await platform.syncStates.get(jobId)
      return found?.status === 'completed' ? found : undefined
    })
    t.equal(refused.caught, 1)
    t.ok(state.seen > 0)
  })

  await suite.test('the release check is answered with the stored token when its code is spent', async (t) => {
    const appId = await authority.authorized()
    const check = { eventId: 'ev_check', appId, openId: 'oCHECK', code: new Secret('queryauthcode@@@spent') }
    await platform.pushQueue.releaseCheck({ ...check, receivedAtMs: Date.now(), made: Date.now() })
    const message = await until('it is answered', () =>
      simulator.sentCustomMessages.find(({ touser }) => touser === 'oCHECK'),
    )
    t.match(message, { appId, message: { text: { content: 'queryauthcode@@@spent_from_api' } } })
  })

  await suite.test('a code refused to a browser by mistake works for its event, then for the browser', async (t) => {
    const appId = account()
    const { authorizationCode } = await simulator.authorize(appId, { push: false })
    const code = new Secret(authorizationCode)
    const fault = simulator.fault(EXCHANGE, { appId, times: 1, errcode: 61009 })
    await t.rejects(platform.authorizations.exchangeCode(code), { code: 'AUTHORIZATION_CODE_INVALID' })
    await t.rejects(platform.authorizations.exchangeCode(code), { code: 'AUTHORIZATION_CODE_INVALID' })
    t.equal(fault.caught, 1, 'the second time without a call')
    t.match((await toldOf(await push({ appId, code: authorizationCode }))).data, { authorizer: { appid: appId } })
    t.equal((await platform.authorizations.exchangeCode(code)).authorizerAppId, appId)
  })
})
