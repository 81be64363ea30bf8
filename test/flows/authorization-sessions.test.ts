// Authorization sessions over real processes: WeChat's pages are played by the simulator, the browser by plain
// requests.
import { Redis } from 'ioredis'
import t from 'tap'
import { type Answer, type Event, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { click, confirm } from '../helpers/visitor.ts'

const RETURN_ORIGIN = 'https://app.example'
const gateway = await startGateway({ ingresses: 2, env: { AUTH_REDIRECT_ORIGINS: RETURN_ORIGIN } })
const { simulator } = gateway
const redis = new Redis(gateway.redis.url)
t.teardown(async () => {
  redis.disconnect()
  await gateway.stop()
})
await simulator.pushTicket()
await until('the ticket is there', async () => (await gateway.call('GET', '/component_access_token')).status === 200)
const { body: subscribed } = await gateway.call('PUT', '/subscriptions/sessions', { sink: { kind: 'stream' } })
const stream = String(subscribed.sink?.stream)

type Created = { sessionId: string; url: string; expiresAt: string }
type View = Answer & {
  sessionId: string
  completedAt: string | null
  openedAt: string | null
  grantedSets: number[]
  missingSets: number[]
}

async function create(wanted: Record<string, unknown> = {}): Promise<Created> {
  const { status, body } = await gateway.call('POST', '/authorization-sessions', { reference: 'r', ...wanted })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body as unknown as Created
}

const view = async ({ sessionId }: Created) =>
  (await gateway.call('GET', `/authorization-sessions/${sessionId}`)).body as View
const completed = (session: Created) =>
  until('it is completed', async () => (await view(session)).status === 'completed')

async function events(): Promise<Event[]> {
  const entries = await redis.xrange(stream, '-', '+')
  return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('event') + 1] ?? ''))
}

const eventOf = (type: string, isWanted: (event: Event) => boolean) =>
  until(`${type} arrives`, async () => (await events()).find((event) => event.type === type && isWanted(event)), {
    timeoutMs: 20_000,
  })
const endOf = ({ sessionId }: Created, status = 'completed') =>
  eventOf(`gateway.authorization.${status}`, ({ data }) => data['sessionId'] === sessionId)

type HistoryItem = { cause: string; addedSets: number[]; removedSets: number[]; sessionId?: string; reference?: string }
async function historyOf(appId: string): Promise<HistoryItem[]> {
  return (await gateway.call('GET', `/authorizers/${appId}/history`)).body.items as unknown as HistoryItem[]
}

void t.test('a visitor goes the whole way, and the platform knows whose account it is', async (t) => {
  const { appId } = simulator.addAccount({ funcInfo: [1, 2, 15] })
  const session = await create({
    reference: 'customer 7 客户',
    tags: { plan: 'gold' },
    categoryIdList: '1|9',
    returnUrl: `${RETURN_ORIGIN}/done?a=1#/x`,
  })
  t.match(session.sessionId, /^[a-z2-7]{26}$/)
  t.equal(session.url, `${gateway.publicUrl}/apis/v1/wx/open1/a/${session.sessionId}`)
  t.match(await view(session), { status: 'open', openedAt: null, completedAt: null })
  t.equal((await fetch(session.url)).status, 200)
  const { openedAt } = await view(session)
  t.ok(openedAt)
  await fetch(session.url)
  t.equal((await view(session)).openedAt, openedAt, 'the first view')

  const visit = await click(session.url)
  t.equal(visit.wechatUrl.searchParams.get('category_id_list'), '1|9')
  const landing = await confirm(visit, appId)
  const landed = await fetch(landing, { redirect: 'manual' })
  t.equal(landed.status, 303)
  const ours = new URLSearchParams({
    session: session.sessionId,
    reference: 'customer 7 客户',
    appid: appId,
    status: 'completed',
  })
  t.equal(landed.headers.get('location'), `${RETURN_ORIGIN}/done?a=1&${ours.toString()}#/x`)

  t.match(await view(session), { status: 'completed', appid: appId, grantedSets: [1, 2, 15], missingSets: [9] })
  const end = await endOf(session)
  t.match(end, { source: '/wx/open1', subject: appId, authorizerappid: appId })
  t.strictSame(end.data, {
    sessionId: session.sessionId,
    reference: 'customer 7 客户',
    tags: { plan: 'gold' },
    appid: appId,
    grantedSets: [1, 2, 15],
    missingSets: [9],
  })
  const event = await eventOf('wechat.component.authorized', ({ subject }) => subject === appId)
  t.strictSame(event.data['session'], { id: session.sessionId, reference: 'customer 7 客户', tags: { plan: 'gold' } })
  t.notOk('PreAuthCode' in event.data)
  const again = await fetch(session.url)
  t.equal(again.status, 200)
  t.match(await again.text(), '授权已完成')
  t.match(await historyOf(appId), [
    {
      cause: 'authorized',
      addedSets: [1, 2, 15],
      removedSets: [],
      sessionId: session.sessionId,
      reference: 'customer 7 客户',
    },
  ])
})

void t.test('a browser that never returns: the push completes it, updateauthorized too', async (t) => {
  const { appId } = simulator.addAccount({ funcInfo: [1, 2] })
  const first = await create()
  await confirm(await click(first.url), appId)
  await completed(first)
  await until('the first one is told', () => endOf(first))
  simulator.addAccount({ appId, funcInfo: [2, 3] })
  const second = await create({ reference: 'again' })
  await confirm(await click(second.url), appId)
  await completed(second)
  const event = await eventOf('wechat.component.updateauthorized', ({ subject }) => subject === appId)
  t.strictSame(event.data['session'], { id: second.sessionId, reference: 'again', tags: {} })
  t.match(await historyOf(appId), [
    { cause: 'updateauthorized', addedSets: [3], removedSets: [1], sessionId: second.sessionId, reference: 'again' },
    { cause: 'authorized', addedSets: [1, 2], removedSets: [], sessionId: first.sessionId },
  ])
})

void t.test('when the sets stay as they were WeChat pushes nothing, and the browser completes it', async (t) => {
  const { appId } = simulator.addAccount()
  await simulator.authorize(appId)
  await until('it is authorized', async () => (await gateway.call('GET', `/authorizers/${appId}`)).status === 200)
  const session = await create({ appid: appId })
  const landing = await confirm(await click(session.url), appId)
  const page = await fetch(landing, { headers: { 'accept-language': 'en' } })
  t.equal(page.status, 200)
  t.match(await page.text(), 'Message management', 'permission sets have names')
  await completed(session)
  await endOf(session)
  t.match(await historyOf(appId), [
    { cause: 'updateauthorized', addedSets: [], removedSets: [], sessionId: session.sessionId },
    {},
  ])
})

void t.test('another account than the one that was asked for: refused, and authorized all the same', async (t) => {
  const asked = simulator.addAccount()
  const foreign = simulator.addAccount()
  const session = await create({ appid: asked.appId, returnUrl: `${RETURN_ORIGIN}/` })
  const visit = await click(session.url)
  t.equal(visit.wechatUrl.searchParams.get('biz_appid'), asked.appId)
  // WeChat would not offer it; a push says what it says.
  const { push } = await simulator.authorize(foreign.appId, { preAuthCode: visit.preAuthCode })
  t.ok(push?.ok)
  const end = await endOf(session, 'refused')
  t.match(end.data, { sessionId: session.sessionId, reference: 'r', appid: asked.appId })
  t.notMatch(JSON.stringify(end), foreign.appId)
  t.match(await view(session), { status: 'refused', appid: foreign.appId, completedAt: null, grantedSets: [] })
  const event = await eventOf('wechat.component.authorized', ({ subject }) => subject === foreign.appId)
  t.notOk('session' in event.data, 'its subscribers learn nothing of the session')
  t.equal((await gateway.call('GET', `/authorizers/${foreign.appId}`)).body.status, 'active')
  t.equal((await fetch(session.url)).status, 410)
})

void t.test('views cost no pre_auth_code, clicks one each and five in a minute', async (t) => {
  const session = await create()
  simulator.clearCalls()
  const pages = [session.url, `${gateway.publicUrl}/apis/v1/wx/open1/authorize`]
  for (let round = 0; round < 10; round += 1) {
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(pages[round % 2] ?? '')).status),
    )
    t.ok(statuses.every((status) => status === 200))
  }
  t.equal(simulator.countCalls('api_create_preauthcode'), 0)
  const visits = []
  // At both ingresses.
  const urls = gateway.ingresses.map(({ publicUrl }) => `${publicUrl}/apis/v1/wx/open1/a/${session.sessionId}`)
  for (let count = 0; count < 5; count += 1) visits.push(await click(urls[count % 2] ?? ''))
  t.equal(new Set(visits.map(({ redirectUri }) => redirectUri)).size, 5)
  const refused = await fetch(`${session.url}/go`, { method: 'POST', redirect: 'manual' })
  t.equal(refused.status, 429)
  t.match(refused.headers.get('content-type'), 'text/html')
  t.equal(simulator.countCalls('api_create_preauthcode'), 5)
})

void t.test('the history has what was taken back, and what a comparison with WeChat finds', async (t) => {
  const { appId } = simulator.addAccount({ funcInfo: [1, 2] })
  await simulator.authorize(appId)
  await until('it is authorized', async () => (await gateway.call('GET', `/authorizers/${appId}`)).body.nick_name)
  await simulator.unauthorize(appId, { createTimeSeconds: Math.floor(Date.now() / 1000) + 1 })
  await until(
    'it is revoked',
    async () => (await gateway.call('GET', `/authorizers/${appId}`)).body.status === 'revoked',
  )
  t.match(await historyOf(appId), [
    { cause: 'unauthorized', addedSets: [], removedSets: [1, 2] },
    { cause: 'authorized' },
  ])

  // Authorized again, and no push of it came through.
  await redis.hset(`wx:{open1}:authorizer:${appId}`, 'revokedAtSeconds', '1')
  await simulator.authorize(appId, { push: false, funcInfo: [2, 7] })
  await gateway.call('POST', '/authorizers/sync')
  const items = await until('the sync has found it', async () => {
    const found = await historyOf(appId)
    return found[0]?.cause === 'sync' && found[0].addedSets.length > 0 ? found : undefined
  })
  t.match(items[0], { addedSets: [2, 7], removedSets: [] })
  const { body } = await gateway.call('GET', `/authorizers/${appId}/history?limit=1`)
  t.match(body, { items: [{ cause: 'sync' }], sets: [{ id: 2, nameZh: '用户管理' }, { id: 7 }] })
  t.match((await gateway.call('GET', `/authorizers/${appId}/history?cursor=${body.nextCursor}`)).body, {
    items: [{ cause: 'unauthorized' }, {}],
    nextCursor: null,
  })
  t.equal((await gateway.call('GET', '/authorizers/wx00000000000000ff/history')).status, 404)
})

void t.test('sessions outlive a restart of everything', async (t) => {
  const { appId } = simulator.addAccount()
  const session = await create()
  const visit = await click(session.url)
  await Promise.all([...gateway.ingresses, ...gateway.workers].map(({ process }) => process.end('SIGKILL')))
  await gateway.redis.kill()
  await gateway.redis.start()
  await gateway.startWorker()
  await gateway.startIngress({ publicPort: Number(new URL(gateway.publicUrl).port) })
  const landing = await confirm(visit, appId)
  t.equal((await fetch(landing)).status, 200)
  const again = gateway.ingresses.at(-1)?.internalUrl
  const answer = await fetch(`${again}/apis/v1/wx/open1/authorization-sessions/${session.sessionId}`, {
    headers: gateway.auth,
  })
  t.match(await answer.json(), { status: 'completed', appid: appId })
})
