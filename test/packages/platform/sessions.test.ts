// Owns: how an authorization session ends, without HTTP around it: two "processes" over one Redis, in every order of
// push and browser.
import { Secret, permissionSetIds } from '@wxgw/wechat-core'
import { platformKeys } from '@wxgw/redis'
import t, { type Test } from 'tap'
import { walk } from '../../helpers/pages.ts'
import { pluck } from '../../helpers/pluck.ts'
import { seededRandom } from '../../chaos/random.ts'
import { appIdOf, startAuthority } from './token-fixture.ts'

const keys = platformKeys('open1')
const authority = await startAuthority()
t.teardown(() => authority.stop())
const { platforms, redis, simulator } = authority
let accounts = 1000

type NewSession = Parameters<(typeof platforms)[0]['sessions']['create']>[0]

async function newSession(wanted: Partial<NewSession> = {}) {
  const { id } = await platforms[0].sessions.create({
    reference: `reference-${(accounts += 1)}`,
    tags: { plan: 'gold' },
    type: undefined,
    authType: undefined,
    appId: undefined,
    categoryIdList: undefined,
    returnUrl: undefined,
    isNarrowed: false,
    expiresInSeconds: 3600,
    ...wanted,
  })
  return id
}

/** A click, and what the two ways back from WeChat then know. */
async function click(id: string) {
  let mark = ''
  const outcome = await platforms[0].sessions.click(id, {
    defaultType: 'scancode',
    landingUrl: (given) => {
      mark = given
      return `https://gateway.example/landed/${given}`
    },
  })
  if (outcome?.kind !== 'leads') throw new Error(`the click is ${outcome?.kind}`)
  return { id, mark, preAuthCode: new Secret(new URL(outcome.url).searchParams.get('pre_auth_code') ?? '') }
}

type Click = Awaited<ReturnType<typeof click>>

async function newAccount() {
  const appId = appIdOf((accounts += 1))
  simulator.addAccount({ appId, userName: `gh_${accounts}`, funcInfo: [2, 1, 9] })
  return appId
}

async function authorize(appId: Awaited<ReturnType<typeof newAccount>>) {
  const { authorizationCode } = await simulator.authorize(appId, { push: false })
  return { appId, code: new Secret(authorizationCode) }
}

type Authorized = Awaited<ReturnType<typeof authorize>>

const land = (process: 0 | 1, { id, mark }: Click, { code }: Authorized) =>
  platforms[process].sessions.land(id, mark, code)

async function push(process: 0 | 1, { preAuthCode }: Click, { appId, code }: Authorized) {
  const nowMs = Date.now()
  const { funcInfo } = await platforms[process].authorizations.settleAuthorization(code, {
    authorizerAppId: appId,
    createTimeSeconds: Math.floor(nowMs / 1000),
    receivedAtMs: nowMs,
    pushedAs: 'authorized',
  })
  return platforms[process].sessions.settlePushed({ appId, code, preAuthCode, grantedSets: permissionSetIds(funcInfo) })
}

const statusOf = async (id: string) => (await platforms[1].sessions.get(id))?.status

/** How often each session was announced: an event waits in its queue once. */
async function announcements(): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const key of await redis.keys('bull:{wx-platform-events}:fan-out-*')) {
    const { event } = JSON.parse((await redis.hget(key, 'data')) ?? '{}')
    if (!String(event.type).startsWith('gateway.authorization.')) continue
    counts.set(event.data.sessionId, (counts.get(event.data.sessionId) ?? 0) + 1)
  }
  return counts
}

async function assertEnded(t: Test, id: string, { appId }: Authorized, status = 'completed') {
  t.equal(await statusOf(id), status)
  t.equal((await announcements()).get(id), 1, 'announced once')
  t.equal(await redis.zcard(keys.sessionsUnannounced), 0)
  const { items } = await platforms[1].authorizers.history(appId, { limit: 10, cursor: undefined })
  t.equal(items[0]?.sessionId, status === 'completed' ? id : undefined)
}

type Step = 'push' | 'browser'
const ORDERS: Record<string, ReadonlyArray<ReadonlyArray<[Step, 0 | 1]>>> = {
  'the push alone': [[['push', 0]]],
  'the browser alone': [[['browser', 0]]],
  'the push, then the browser': [[['push', 0]], [['browser', 1]]],
  'the browser, then the push': [[['browser', 0]], [['push', 1]]],
  'each of them twice, in turn': [[['browser', 0]], [['push', 1]], [['browser', 1]], [['push', 0]]],
  'two pushes and two browsers at once, at two processes': [
    [
      ['push', 0],
      ['browser', 1],
      ['push', 1],
      ['browser', 0],
    ],
  ],
}

for (const [name, steps] of Object.entries(ORDERS)) {
  void t.test(`a session is completed once: ${name}`, async (t) => {
    const id = await newSession({ categoryIdList: '1|2|15' })
    const visit = await click(id)
    const authorized = await authorize(await newAccount())
    for (const step of steps) {
      await Promise.all(
        step.map(async ([kind, process]) => {
          if (kind === 'browser') {
            const { end } = await land(process, visit, authorized)
            t.equal(end?.session.status, 'completed')
          } else t.equal((await push(process, visit, authorized))?.id, id, 'the event knows its session')
        }),
      )
    }
    await assertEnded(t, id, authorized)
    t.match(await platforms[0].sessions.get(id), { authorizedAppId: authorized.appId, grantedSets: [1, 2, 9] })
  })
}

void t.test('another account than the one that was asked for refuses the session, and stays authorized', async (t) => {
  const asked = await newAccount()
  for (const way of ['push', 'browser'] as const) {
    const id = await newSession({ appId: asked })
    const visit = await click(id)
    const authorized = await authorize(await newAccount())
    if (way === 'push') t.equal(await push(0, visit, authorized), undefined)
    else t.equal((await land(0, visit, authorized)).end?.session.status, 'refused')
    await assertEnded(t, id, authorized, 'refused')
    t.equal((await platforms[1].authorizers.get(authorized.appId))?.status, 'active')
    const right = await authorize(asked)
    t.equal((await land(1, visit, right)).end?.kind, 'other', 'nothing completes it afterwards')
    t.equal(await statusOf(id), 'refused')
  }
})

void t.test('a click before the end completes after it; none is taken any more', async (t) => {
  const id = await newSession()
  const visit = await click(id)
  await redis.hset(keys.session(id), 'expiresAtMs', '1')
  t.equal(await statusOf(id), 'expired')
  t.match(await platforms[0].sessions.click(id, { defaultType: 'mobile', landingUrl: String }), { kind: 'over' })
  const authorized = await authorize(await newAccount())
  await push(1, visit, authorized)
  await assertEnded(t, id, authorized)
})

void t.test('a session that is open at its end is counted as expired, by one worker; no other is', async (t) => {
  const [left, cancelled, lasting] = [await newSession(), await newSession(), await newSession()]
  t.equal(await platforms[0].sessions.cancel(cancelled), 'cancelled')
  t.ok(Number(await redis.zscore(keys.sessionsByExpiry, lasting)) > Date.now())
  await redis.zadd(keys.sessionsByExpiry, 1, left, 1, cancelled)
  const counted = await Promise.all(platforms.map(({ sessions }) => sessions.countExpired()))
  t.same(new Set(counted), new Set([0, 1]))
  t.equal(await platforms[0].sessions.countExpired(), 0)
  await redis.del(keys.sessionsByExpiry)
})

void t.test('nothing completes a cancelled session', async (t) => {
  const id = await newSession()
  const visit = await click(id)
  t.equal(await platforms[1].sessions.cancel(id), 'cancelled')
  t.equal(await platforms[1].sessions.cancel(id), 'cancelled', 'repeated, too')
  const authorized = await authorize(await newAccount())
  t.equal(await push(0, visit, authorized), undefined)
  t.match(await land(1, visit, authorized), { end: { kind: 'other' } })
  t.equal(await statusOf(id), 'cancelled')
  t.equal((await announcements()).get(id), undefined)
})

void t.test('one authorization completes one session at most, and none that was clicked after it', async (t) => {
  const [first, second, later] = [await newSession(), await newSession(), await newSession()]
  const visits = [await click(first), await click(second)] as const
  const authorized = await authorize(await newAccount())
  await land(0, visits[0], authorized)
  t.match(await land(1, visits[1], authorized), { end: { kind: 'other' } })
  t.equal((await push(1, visits[1], authorized))?.id, first, 'it is the session of that authorization')
  t.strictSame([await statusOf(first), await statusOf(second)], ['completed', 'open'])

  const before = await authorize(await newAccount())
  await platforms[0].authorizations.exchangeCode(before.code)
  t.match(await land(0, await click(later), before), { end: { kind: 'other' } })
  t.equal(await statusOf(later), 'open')
})

void t.test('a mark leads to its own session only, and an unknown one to none', async (t) => {
  const [mine, others] = [await newSession(), await newSession()]
  const visit = await click(mine)
  const authorized = await authorize(await newAccount())
  t.equal((await land(0, { ...visit, id: others }, authorized)).end, undefined)
  t.equal((await land(0, { ...visit, mark: 'x'.repeat(26) }, authorized)).end, undefined)
  t.strictSame([await statusOf(mine), await statusOf(others)], ['open', 'open'])
})

void t.test('a session completes while WeChat gives no access token', async (t) => {
  const id = await newSession()
  const clicked = await click(id)
  const authorized = await authorize(await newAccount())
  // By a process that died before it could end the session.
  await platforms[0].authorizations.exchangeCode(authorized.code)
  await redis.del(keys.accessToken(authorized.appId))
  await redis.hset(keys.authorizer(authorized.appId), 'expiresAtMs', '0')
  simulator.fault('api_authorizer_token', { appId: authorized.appId, errcode: -1 })
  await land(1, clicked, authorized)
  await assertEnded(t, id, authorized)
})

void t.test('a profile change seen before its authorization is stored stands in the history once', async (t) => {
  const appId = await newAccount()
  const first = await click(await newSession())
  await push(0, first, await authorize(appId))
  const history = async () => (await platforms[0].authorizers.history(appId, { limit: 10, cursor: undefined })).items

  simulator.addAccount({ appId, funcInfo: [2, 3] })
  const second = await click(await newSession())
  const changed = await authorize(appId)
  await platforms[1].authorizations.refreshProfile(appId)
  t.match((await history())[0], { cause: 'sync' })
  await push(0, second, changed)
  const items = await history()
  t.match(items, [
    { cause: 'authorized', addedSets: [3], removedSets: [1, 9], sessionId: second.id },
    { cause: 'authorized', addedSets: [1, 2, 9], removedSets: [], sessionId: first.id },
  ])
  t.equal(items.length, 2)

  const longAgo = { n: 3, at: String(Date.now() - 3_600_000), cause: 'sync', added: '', removed: '7' }
  await redis.lpush(keys.authorizerHistory(appId), JSON.stringify(longAgo))
  await push(0, await click(await newSession()), await authorize(appId))
  t.match((await history()).slice(0, 2), [
    { cause: 'authorized', addedSets: [], removedSets: [] },
    { cause: 'sync', removedSets: [7] },
  ])
})

void t.test('five clicks in a minute, whatever comes of them', async (t) => {
  const id = await newSession()
  simulator.clearCalls()
  const fault = simulator.fault('api_create_preauthcode', { errcode: -1, times: 1 })
  await t.rejects(click(id))
  t.ok(fault)
  const visits = await Promise.all([1, 2, 3, 4].map(() => click(id)))
  t.equal(new Set(visits.map(({ mark }) => mark)).size, 4, 'each has a mark of its own')
  t.match(await platforms[1].sessions.click(id, { defaultType: 'mobile', landingUrl: String }), { kind: 'wait' })
  t.equal(simulator.countCalls('api_create_preauthcode'), 5)
  await redis.hset(keys.session(id), 'clicks', '1,2,3,4,5')
  t.ok(await click(id), 'a minute later')
})

void t.test('one account has its own share of the sessions that a platform keeps', async (t) => {
  const appId = await newAccount()
  const ofAccount = keys.sessionsOfAuthorizer(appId)
  const kept = (count: number, atMs: number) =>
    redis.zadd(ofAccount, ...Array.from({ length: count }, (_, n) => [atMs, `${atMs}-${n}`]).flat())
  await kept(9_999, Date.now())
  await kept(100, Date.now() - 62 * 86_400_000)
  await newSession({ appId })
  await t.rejects(newSession({ appId }), { code: 'SESSION_LIMIT' })
  await newSession({ appId: await newAccount() })
  await newSession()
  await redis.del(ofAccount)
})

void t.test('what the process that ended a session could not announce, a worker announces', async (t) => {
  const id = await newSession()
  const visit = await click(id)
  const authorized = await authorize(await newAccount())
  await land(0, visit, authorized)
  // As after a kill between the two.
  for (const key of await redis.keys('bull:{wx-platform-events}:*')) await redis.del(key)
  await redis.zadd(keys.sessionsUnannounced, 1, id)
  await Promise.all(platforms.map(({ sessions }) => sessions.announceLeft()))
  await assertEnded(t, id, authorized)
})

void t.test('lists by reference and status, in pages, narrowed to accounts', async (t) => {
  const [asked, other] = [await newAccount(), await newAccount()]
  const reference = 'of the list'
  const ids = [
    await newSession({ reference }),
    await newSession({ reference, appId: asked }),
    await newSession({ reference, appId: other }),
  ]
  const [first = '', second = ''] = ids
  await platforms[0].sessions.cancel(second)
  await land(0, await click(first), await authorize(other))
  const { sessions } = platforms[1]
  const all = { limit: 500, cursor: undefined, reference: undefined, status: undefined, only: undefined }
  const idsOf = async (asking: Partial<typeof all> | object) =>
    (await sessions.list({ ...all, ...asking })).items.map(({ id }) => id)
  t.strictSame(await idsOf({ reference }), ids.toReversed())
  t.strictSame(await idsOf({ reference: 'of nobody' }), [])
  t.strictSame(await idsOf({ reference, status: 'cancelled' }), [second])
  t.strictSame(await idsOf({ reference, only: [other] }), [ids[2], first])
  t.strictSame(await idsOf({ only: [asked] }), [second], 'asked for, or completed by')
  t.strictSame(await idsOf({ only: [other, asked], status: 'completed' }), [first])
  t.strictSame(await idsOf({ only: [] }), [])
  const found = await walk((cursor) => sessions.list({ ...all, limit: 1, reference, cursor }))
  t.strictSame(pluck(found, 'id'), ids.toReversed())
})

void t.test('lists are in the order of creation, also within a millisecond', async (t) => {
  const reference = 'of one moment'
  const ids: string[] = []
  for (let count = 0; count < 50; count += 1) ids.push(await newSession({ reference }))
  const asked = { limit: 20, reference, status: undefined, only: undefined }
  const found = await walk((cursor) => platforms[1].sessions.list({ ...asked, cursor }))
  t.strictSame(pluck(found, 'id'), ids.toReversed())
})

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))

void t.test(`forty sessions, completed at random by push, browser or both at once (SEED=${SEED})`, async (t) => {
  const random = seededRandom(SEED)
  const ended = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const id = await newSession()
      const visit = await click(id)
      const authorized = await authorize(await newAccount())
      const process = () => (random() < 0.5 ? 0 : 1)
      const come = async () => {
        if (random() < 0.5) await push(process(), visit, authorized)
        else await land(process(), visit, authorized)
      }
      const count = 1 + Math.floor(random() * 4)
      await Promise.all(Array.from({ length: count }, come))
      return { id, authorized }
    }),
  )
  const announced = await announcements()
  for (const { id, authorized } of ended) {
    const session = await platforms[0].sessions.get(id)
    t.match(session, { status: 'completed', authorizedAppId: authorized.appId })
    const { items } = await platforms[0].authorizers.history(authorized.appId, { limit: 10, cursor: undefined })
    const found = items.map(({ sessionId, reference }) => [sessionId, reference])
    t.strictSame(found, [[id, session?.reference]])
    t.equal(announced.get(id), 1)
  }
})
