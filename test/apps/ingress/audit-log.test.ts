// Owns: what stands in the audit log and among the refused calls, who reads them, and of which platforms.
import { readinessChecks } from '@wxgw/platform'
import t from 'tap'
import { startWeChatDouble } from './api-calls/wechat-double.ts'
import { APPID_A, APPID_B } from './samples.ts'
import { createGateway, keyOf, PREFIX, ROOT_KEY } from './gateway-fixture.ts'
import { gatewayWith, grantsOf } from './granted-gateway.ts'

type Item = Record<string, unknown>

void t.test('changes and reads of secrets and content are noted, other reads are not', async (t) => {
  const gateway = gatewayWith(t, { reader: grantsOf({ actions: ['events:read'] }), nothing: [] })
  const { call, records, internalServer } = gateway
  const noted = async (send: () => Promise<unknown>) => {
    const before = records.audit.all.length
    await send()
    return records.audit.all.slice(0, records.audit.all.length - before)
  }
  const get = (path: string, key = ROOT_KEY) => noted(() => call({ method: 'GET', path }, key))
  const payload = { sink: { kind: 'queue' } }
  const change = { action: 'subscriptions:write', method: 'PUT', platform: 'open1', subscription: 'of-a' }
  t.match(await noted(() => call({ method: 'PUT', path: 'subscriptions/of-a', payload }, ROOT_KEY)), [
    { caller: 'root', ...change, outcome: 'OK', by: 'key', count: 1 },
  ])
  const token = `access_token/${APPID_A}`
  t.match(await get(token), [{ action: 'tokens:read', authorizer: APPID_A, statusCode: 200 }])
  t.match(await get(token, keyOf('nothing')), [{ caller: 'nothing', outcome: 'FORBIDDEN' }])
  t.match(await get('events/ev_a'), [{ action: 'events:content' }])
  for (const path of ['events/ev_a?content=false', 'events?content=false', 'authorizers', 'subscriptions'])
    t.same(await get(path), [], path)
  t.same(await get('events/ev_a', keyOf('reader')), [], 'no content shown')
  const strange = noted(() => call({ method: 'DELETE', path: 'subscriptions/of-a' }, 'x'.repeat(40)))
  t.same(await strange, [], 'an unknown key')
  const signIn = (key: string) => internalServer.inject({ method: 'POST', url: '/console/session', payload: { key } })
  t.match(await noted(() => signIn('x'.repeat(40))), [
    { caller: null, route: '/console/session', outcome: 'UNAUTHENTICATED' },
  ])
  t.match(await noted(() => signIn(ROOT_KEY)), [{ caller: 'root', outcome: 'OK' }])
  t.notMatch(JSON.stringify(records.audit.all), ROOT_KEY)
})

void t.test('reads that a service repeats are one entry, and of many accounts some are told apart', async (t) => {
  const { call, records } = gatewayWith(t, {})
  for (let count = 0; count < 50; count += 1) await call({ method: 'GET', path: `access_token/${APPID_A}` }, ROOT_KEY)
  t.equal(records.audit.all.length, 1)
  for (let count = 0; count < 50; count += 1) {
    await call({ method: 'GET', path: `access_token/wx${count.toString(16).padStart(16, '0')}` }, ROOT_KEY)
  }
  t.ok(records.audit.all.length <= 22, `${records.audit.all.length} entries`)
  t.match(records.audit.all[0], { authorizer: null, outcome: 'AUTHORIZER_NOT_FOUND' })
})

void t.test('console:use for all accounts reads the audit log by caller, action and account', async (t) => {
  const gateway = gatewayWith(t, {
    console: grantsOf({ actions: ['console:use'] }),
    narrow: grantsOf({ actions: ['console:use'], authorizers: [APPID_A] }),
    elsewhere: grantsOf({ actions: ['console:use'], platforms: ['open2'] }),
    other: grantsOf({ actions: ['events:read'] }),
  })
  const { call, request } = gateway
  await call({ method: 'DELETE', path: 'subscriptions/of-a' }, ROOT_KEY)
  await call({ method: 'GET', path: `access_token/${APPID_B}` }, ROOT_KEY)
  const audit = async (query: string, key = keyOf('console')) => {
    const answer = await request(`/audit${query}`, { key })
    return { status: answer.statusCode, items: answer.json<{ items?: Item[] }>().items ?? [] }
  }
  const routes = async (query: string) =>
    (await audit(query)).items.map(({ route }) => String(route).split('/').slice(5).join('/'))
  t.same(await routes(''), ['access_token/:APPID', 'subscriptions/:name'])
  t.match((await audit('')).items[0], { at: /^\d{4}-.*Z$/, caller: 'root' })
  t.same(await routes('?action=tokens:read'), ['access_token/:APPID'])
  t.same(await routes(`?authorizer=${APPID_B}&caller=root`), ['access_token/:APPID'])
  t.same(await routes('?caller=nobody'), [])
  t.same((await audit('', keyOf('elsewhere'))).items, [], 'of another platform')
  for (const key of ['narrow', 'other']) t.equal((await audit('', keyOf(key))).status, 403, key)
  t.equal((await audit('?from=x')).status, 400)
})

void t.test('calls that WeChat refused are kept with errcode and rid, and by whom they were made', async (t) => {
  const wechat = await startWeChatDouble(t)
  const gateway = createGateway(t, { wechatUrl: wechat.url })
  const { records, request } = gateway
  await request(`${PREFIX}/api/${APPID_A}/cgi-bin/ok`)
  t.same(records.refusedCalls.all, [])
  wechat.answer({ errcode: 48001, errmsg: 'api unauthorized rid: 1234-ab' })
  await request(`${PREFIX}/api/${APPID_A}/cgi-bin/x?q=1`)
  const read = async (query: string) => (await request(`/api-calls${query}`)).json<{ items: Item[] }>().items
  t.match(await read(`?authorizer=${APPID_A}&errcode=48001`), [
    {
      at: /^\d{4}-.*Z$/,
      platform: 'open1',
      caller: 'root',
      path: '/cgi-bin/x',
      status: 200,
      errcode: 48001,
      rid: '1234-ab',
    },
  ])
  t.same(await read('?errcode=45009'), [])
  t.same(await read(`?authorizer=${APPID_B}`), [])
})

void t.test("a diagnosis names each check, its state and what to do, within the caller's platforms", async (t) => {
  const { request } = createGateway(t, {
    grants: {
      here: grantsOf({ actions: ['console:use'], platforms: ['open1'] }),
      narrow: grantsOf({ authorizers: [APPID_A] }),
    },
    diagnosis: readinessChecks([
      { name: 'redis-writes', check: async () => undefined },
      {
        name: 'redis-persistence',
        warnsOnly: true,
        check: async () => 'appendonly is no: a crash of Redis loses data',
      },
      { name: 'subscriptions-open1', check: async () => 'nobody is subscribed' },
      { name: 'subscriptions-open2', check: async () => 'nobody is subscribed' },
    ]),
    settings: {
      logLevel: 'info',
      platforms: [{ id: 'open1' }, { id: 'open2' }],
      callers: [{ name: 'root' }],
      subscriptions: ['open2.crm'],
    },
  })
  const read = async (key: string) => request('/diagnosis', { key })
  t.match((await read(keyOf('here'))).json(), {
    checks: [
      { id: 'redis-writes', platform: null, status: 'ok', whatToDo: null },
      {
        id: 'redis-persistence',
        status: 'warning',
        what: { zh: /^appendonly 为 no/, en: /^appendonly is no/ },
        whatToDo: { en: /appendonly yes/ },
      },
      {
        id: 'subscriptions-open1',
        platform: 'open1',
        status: 'problem',
        title: { zh: /接收/ },
        whatToDo: { en: String },
      },
    ],
  })
  t.same((await read(keyOf('here'))).json<{ settings: unknown }>().settings, {
    logLevel: 'info',
    platforms: [{ id: 'open1' }],
  })
  t.match((await read(ROOT_KEY)).json<{ settings: unknown }>().settings, {
    callers: [{ name: 'root' }],
    subscriptions: ['open2.crm'],
  })
  t.equal((await read(keyOf('here'))).json<{ checks: unknown[] }>().checks.length, 3)
  t.equal((await read(ROOT_KEY)).json<{ checks: unknown[] }>().checks.length, 4)
  t.equal((await read(keyOf('narrow'))).statusCode, 403)
})
