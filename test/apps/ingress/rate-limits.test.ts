// Owns: how often one address may ask on the public listener.
import t from 'tap'
import { APPID_A, NOW_MS } from './fake-platform.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { queryText, sealPush, textMessage } from './sealed-push.ts'

void t.test('links and the start page share one budget per address; too many are told when to come back', async (t) => {
  const { publicServer, fake } = createGateway(t, { config: { authurlRatePerMinute: 3 } })
  const statuses: number[] = []
  for (const url of [`${PREFIX}/authurl`, `${PREFIX}/authorize`, `${PREFIX}/authurl`]) statuses.push((await publicServer.inject(url)).statusCode)
  t.same(statuses, [200, 200, 200])
  const refused = await publicServer.inject({ method: 'POST', url: `${PREFIX}/authurl`, payload: {} })
  t.equal(refused.statusCode, 429)
  t.match(refused.json(), { statusCode: 429, code: 'RATE_LIMITED', error: 'Too Many Requests' })
  t.match(refused.headers['retry-after'], /^[1-9]\d?$/)
  const page = await publicServer.inject({ url: `${PREFIX}/authorize`, headers: { accept: 'text/html' } })
  t.equal(page.statusCode, 429)
  t.match(page.headers['content-type'], /^text\/html/)
  t.equal((await publicServer.inject({ url: `${PREFIX}/authurl`, remoteAddress: '192.0.2.7' })).statusCode, 200, 'another address')
  t.equal(fake.callsOf('createAuthorizationUrl').length, 5)
})

void t.test('looking up codes has ten times as much, pushes have no limit', async (t) => {
  const { publicServer } = createGateway(t, { config: { authurlRatePerMinute: 1 } })
  for (let count = 0; count < 5; count += 1) {
    t.equal((await publicServer.inject(`${PREFIX}/mpinfo?auth_code=c${count}`)).statusCode, 200)
    t.equal((await publicServer.inject(`${PREFIX}/authorized?auth_code=c${count}`)).statusCode, 200)
  }
  t.equal((await publicServer.inject(`${PREFIX}/mpinfo?auth_code=c`)).statusCode, 429)
  const { query, body } = sealPush(textMessage({ createTime: NOW_MS / 1000 }), NOW_MS / 1000)
  const url = `${PREFIX}/${APPID_A}/callback?${queryText(query)}`
  for (let count = 0; count < 30; count += 1) {
    t.equal((await publicServer.inject({ method: 'POST', url, headers: { 'content-type': 'text/xml' }, payload: body })).statusCode, 200)
  }
})

void t.test('X-Forwarded-For counts only from a trusted proxy', async (t) => {
  const distrusting = createGateway(t, { config: { authurlRatePerMinute: 1 } })
  const from = (address: string) => ({ url: `${PREFIX}/authurl`, headers: { 'x-forwarded-for': address } })
  t.equal((await distrusting.publicServer.inject(from('192.0.2.1'))).statusCode, 200)
  t.equal((await distrusting.publicServer.inject(from('192.0.2.2'))).statusCode, 429)

  const trusting = createGateway(t, {
    config: { authurlRatePerMinute: 1, publicListener: { host: '', port: 0, baseUrl: 'https://g.example', trustProxy: ['127.0.0.1/32'] } },
  })
  t.equal((await trusting.publicServer.inject(from('192.0.2.1'))).statusCode, 200)
  t.equal((await trusting.publicServer.inject(from('192.0.2.2'))).statusCode, 200)
  t.equal((await trusting.publicServer.inject(from('192.0.2.2'))).statusCode, 429)
})

void t.test('the internal listener has no limit', async (t) => {
  const { internalServer, bearer } = createGateway(t, { config: { authurlRatePerMinute: 1 } })
  for (let count = 0; count < 3; count += 1) {
    t.equal((await internalServer.inject({ url: `${PREFIX}/authurl`, headers: bearer() })).statusCode, 200)
  }
})
