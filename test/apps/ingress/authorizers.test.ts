// Owns: authorizers and their synchronisation on the internal listener.
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { APPID_A, authorizer } from './samples.ts'
import { createGateway, PREFIX, refusalOf } from './gateway-fixture.ts'

void t.test('an authorizer is shown with its profile and without a secret', async (t) => {
  const gateway = createGateway(t)
  const answer = await gateway.request(`${PREFIX}/authorizers/${APPID_A}`)
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), {
    appid: APPID_A,
    status: 'active',
    nick_name: `name of ${APPID_A}`,
    user_name: 'gh_0000000000aa',
    principal_name: 'principal',
    head_img: 'https://img.example/a.png',
    service_type: 2,
    verify_type: 0,
    isMiniProgram: false,
    func_info: [{ funcscope_category: { id: 1 } }],
    authorizedAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    token: { expiresAt: '2026-01-01T02:00:00.000Z' },
  })
})

void t.test('before its profile is known, the profile is null', async (t) => {
  const gateway = createGateway(t)
  const bare = { profile: undefined, tokenExpiresAtMs: undefined, status: 'reauthorization_required' as const }
  gateway.fake.authorizers.set(APPID_A, authorizer(APPID_A, bare))
  const answer = await gateway.request(`${PREFIX}/authorizers/${APPID_A}`)
  t.match(answer.json(), {
    nick_name: null,
    head_img: null,
    service_type: null,
    isMiniProgram: null,
    token: { expiresAt: null },
  })
  t.equal(answer.json().status, 'reauthorization_required')
})

void t.test('an account that never authorized is 404', async (t) => {
  const gateway = createGateway(t)
  const answer = await gateway.request(`${PREFIX}/authorizers/wxz000000000000009`)
  t.equal(refusalOf(answer), '404 AUTHORIZER_NOT_FOUND')
})

void t.test('lists take a limit of 1 to 500, 100 by default', async (t) => {
  const gateway = createGateway(t)
  const list = async (query: string) => (await gateway.request(`${PREFIX}/authorizers${query}`)).statusCode
  for (const query of ['', '?limit=1', '?limit=500']) t.equal(await list(query), 200, query)
  t.same(
    gateway.fake.callsOf('authorizers.list').map(([page]) => page),
    [
      { limit: 100, cursor: undefined, only: undefined },
      { limit: 1, cursor: undefined, only: undefined },
      { limit: 500, cursor: undefined, only: undefined },
    ],
  )
  for (const query of words`
    ?limit=0 ?limit=501 ?limit=-1 ?limit=1.5 ?limit=x ?limit= ?limit=01 ?cursor= ?cursor=%00 ?cursor=abc ?x=1
    ?limit=1&limit=2
  `) {
    t.equal(await list(query), 400, query)
  }
})

void t.test('a synchronisation is begun, and followed by its id', async (t) => {
  const gateway = createGateway(t)
  const { fake, request } = gateway
  const begun = await request(`${PREFIX}/authorizers/sync`, { method: 'POST' })
  t.equal(begun.statusCode, 202)
  t.same(begun.json(), { jobId: 'job-1' })
  const state = {
    jobId: 'job-1',
    status: 'running' as const,
    seen: 5,
    added: 1,
    repaired: 2,
    failed: 0,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    error: null,
  }
  fake.syncStates.set('job-1', state)
  t.same((await request(`${PREFIX}/authorizers/sync/job-1`)).json(), state)
  const missing = await request(`${PREFIX}/authorizers/sync/other`)
  t.equal(refusalOf(missing), '404 SYNC_JOB_NOT_FOUND')
})

void t.test('when the store is away, so are the lists', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.fail('authorizers.list', new GatewayError('STORE_UNAVAILABLE', 'away'))
  const answer = await gateway.request(`${PREFIX}/authorizers`)
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '1')
})

void t.test('a forced refresh answers when the new token ends, and not the token', async (t) => {
  const { fake, request } = createGateway(t)
  const answer = await request(`${PREFIX}/authorizers/${APPID_A}/refresh`, { method: 'POST' })
  t.equal(answer.statusCode, 200)
  t.strictSame(Object.keys(answer.json()), ['expiresAt'])
  t.match(answer.json(), { expiresAt: /^\d{4}-.*Z$/ })
  t.match(fake.callsOf('authorizerTokens.get'), [[APPID_A, { force: true }]])
})

void t.test('a comparison names what WeChat says otherwise', async (t) => {
  const { fake, request } = createGateway(t)
  const compare = async (appId: string = APPID_A) =>
    (await request(`${PREFIX}/authorizers/${appId}/compare`, { method: 'POST' })).json<unknown>()
  t.strictSame(await compare(), { changed: [] })
  const known = authorizer(APPID_A)
  fake.authorizers.set(APPID_A, {
    ...known,
    funcInfo: [],
    ...(known.profile ? { profile: { ...known.profile, nick_name: 'before' } } : {}),
  })
  t.strictSame(await compare(), { changed: ['nick_name', 'func_info'] })
  fake.authorizers.set(APPID_A, { ...known, status: 'revoked' })
  t.match(await compare(), { statusCode: 410, code: 'AUTHORIZER_REVOKED' })
  t.match(await compare('wxz000000000000009'), { statusCode: 404 })
})
