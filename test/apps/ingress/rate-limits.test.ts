// Owns: how often one address may ask on the public listener.
import t from 'tap'
import { APPID_A, NOW_MS, session } from './samples.ts'
import { createGateway, type Fixture, PREFIX } from './gateway-fixture.ts'
import { queryText, sealPush, textMessage } from './sealed-push.ts'

void t.test('authurl and start page share one budget per address; 429 says when to come back', async (t) => {
  const { publicServer, fake } = createGateway(t, { config: { authurlRatePerMinute: 3 } })
  const statuses: number[] = []
  const click = { method: 'POST', url: `${PREFIX}/authorize/go` } as const
  for (const request of [`${PREFIX}/authurl`, click, `${PREFIX}/authurl`])
    statuses.push((await publicServer.inject(request)).statusCode)
  t.same(statuses, [200, 303, 200])
  const refused = await publicServer.inject({ method: 'POST', url: `${PREFIX}/authurl`, payload: {} })
  t.equal(refused.statusCode, 429)
  t.match(refused.json(), { statusCode: 429, code: 'RATE_LIMITED', error: 'Too Many Requests' })
  t.match(refused.headers['retry-after'], /^[1-9]\d?$/)
  const page = await publicServer.inject({ ...click, headers: { accept: 'text/html' } })
  t.equal(page.statusCode, 429)
  t.match(page.headers['content-type'], /^text\/html/)
  const status = (await publicServer.inject({ url: `${PREFIX}/authurl`, remoteAddress: '192.0.2.7' })).statusCode
  t.equal(status, 200, 'another address')
  t.equal((await publicServer.inject(`${PREFIX}/authorize`)).statusCode, 200, 'a view costs nothing')
  t.equal(fake.callsOf('createAuthorizationUrl').length, 4)
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
    t.equal(
      (await publicServer.inject({ method: 'POST', url, headers: { 'content-type': 'text/xml' }, payload: body }))
        .statusCode,
      200,
    )
  }
})

void t.test('a landing without a click counts by address, one with a click by session', async (t) => {
  const { publicServer, fake } = createGateway(t, { config: { authurlRatePerMinute: 1 } })
  fake.sessions.set('of-a', session('of-a'))
  const land = async (id: string, code: number) =>
    (await publicServer.inject(`${PREFIX}/a/${id}/landed/m?auth_code=c${code}`)).statusCode
  for (let count = 0; count < 10; count += 1) t.equal(await land(`made-up-${count}`, count), 200)
  t.equal(await land('another', 10), 429)
  t.equal(fake.callsOf('sessions.land').length, 10)
  for (let count = 0; count < 10; count += 1) t.equal(await land('of-a', count), 200, 'whoever has come from WeChat')
  t.equal(await land('of-a', 10), 429)
  t.equal(fake.callsOf('sessions.land').length, 20)
})

void t.test('X-Forwarded-For counts only from a trusted proxy', async (t) => {
  const distrusting = createGateway(t, { config: { authurlRatePerMinute: 1 } })
  const from = (address: string) => ({ url: `${PREFIX}/authurl`, headers: { 'x-forwarded-for': address } })
  t.equal((await distrusting.publicServer.inject(from('192.0.2.1'))).statusCode, 200)
  t.equal((await distrusting.publicServer.inject(from('192.0.2.2'))).statusCode, 429)

  const trusting = createGateway(t, {
    config: {
      authurlRatePerMinute: 1,
      publicListener: { host: '', port: 0, baseUrl: 'https://g.example', trustProxy: ['127.0.0.1/32'] },
    },
  })
  t.equal((await trusting.publicServer.inject(from('192.0.2.1'))).statusCode, 200)
  t.equal((await trusting.publicServer.inject(from('192.0.2.2'))).statusCode, 200)
  t.equal((await trusting.publicServer.inject(from('192.0.2.2'))).statusCode, 429)
})

const TRUSTED = {
  host: '',
  port: 0,
  baseUrl: 'https://g.example',
  trustProxy: ['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8'],
}

void t.test('whatever form a proxy gives an address, one client has one budget', async (t) => {
  const { publicServer } = createGateway(t, { config: { authurlRatePerMinute: 1, publicListener: TRUSTED } })
  // Each row has addresses of its own; two headers of one client, or of two.
  const same: Record<string, readonly [string, string]> = {
    'IPv4 with two ports': ['192.0.2.1:1024', '192.0.2.1:65535'],
    'IPv4 with a port and without': ['192.0.2.2', '192.0.2.2:443'],
    'IPv4 in quotes': ['192.0.2.3', '"192.0.2.3:80"'],
    'IPv4 mapped into IPv6': ['192.0.2.4', '::ffff:192.0.2.4'],
    'IPv4 mapped into IPv6, in hexadecimal, with a port': ['192.0.2.5', '[::FFFF:C000:205]:80'],
    'IPv6 with two ports': ['[2001:db8:1::1]:1024', '[2001:db8:1::1]:1025'],
    'IPv6 with a port and without': ['2001:db8:2::1', '[2001:db8:2::1]:80'],
    'IPv6 in brackets alone, and in another notation': ['[2001:db8:3::a]', '2001:0DB8:0003:0:0:0:0:000A'],
    'two addresses of one /64': ['2001:db8:4:5::1', '2001:db8:4:5:ffff::2'],
    'a zone': ['fe80::1%eth0', 'fe80::1%eth1'],
    'a trusted hop with a port behind it': ['192.0.2.6', '192.0.2.6, 10.0.0.9:4711'],
    'a trusted hop of IPv6 with a port behind it': ['192.0.2.7', '192.0.2.7, [fd00::1]:4711, ::ffff:10.0.0.1'],
    'what the client wrote itself before it': ['1.1.1.1, 192.0.2.8', '2.2.2.2:99, 192.0.2.8:5'],
  }
  for (const [what, headers] of Object.entries(same)) {
    t.same(await statusesOf(publicServer, headers), [200, 429], what)
  }
  const different: Record<string, readonly [string, string]> = {
    'two IPv4 addresses': ['192.0.2.101:1', '192.0.2.102:1'],
    'two /64': ['2001:db8:5:1::1', '2001:db8:5:2::1'],
    'a hop that is not trusted is the client': ['192.0.2.103, 198.51.100.1:1', '192.0.2.103, 198.51.100.2:1'],
  }
  for (const [what, headers] of Object.entries(different)) {
    t.same(await statusesOf(publicServer, headers), [200, 200], what)
  }
})

void t.test('what is no address counts for the proxy that wrote it, however it varies', async (t) => {
  const { publicServer } = createGateway(t, { config: { authurlRatePerMinute: 1, publicListener: TRUSTED } })
  const nonsense = [
    ['unknown', 'UNKNOWN', '_hidden', '_a1', 'client.example', 'localhost', '', ' , '],
    ['192.0.2.1:65536', '192.0.2.1:', '192.0.2.1:x', '192.0.2.1:1:2', '192.0.2.01', '192.0.2', '0xc0000201'],
    ['3221225985', '[2001:db8::1', '2001:db8::1]:80', '[2001:db8::1]80', '[192.0.2.1]:80', '2001:db8::1::2'],
    ['for=192.0.2.1', '192.0.2.1 x'],
  ].flat()
  t.same(
    await statusesOf(publicServer, nonsense),
    nonsense.map((_, index) => (index === 0 ? 200 : 429)),
  )
  const behindAnother = nonsense.filter((text) => /\w/.test(text)).map((text) => `192.0.2.9, ${text}, 10.0.0.3:1`)
  t.same(
    await statusesOf(publicServer, behindAnother),
    behindAnother.map((_, index) => (index === 0 ? 200 : 429)),
  )
})

async function statusesOf(publicServer: Fixture['publicServer'], headers: readonly string[]): Promise<number[]> {
  const statuses: number[] = []
  for (const header of headers) {
    const answer = await publicServer.inject({ url: `${PREFIX}/authurl`, headers: { 'x-forwarded-for': header } })
    statuses.push(answer.statusCode)
  }
  return statuses
}

void t.test('the internal listener has no limit', async (t) => {
  const { request } = createGateway(t, { config: { authurlRatePerMinute: 1 } })
  for (let count = 0; count < 3; count += 1) {
    t.equal((await request(`${PREFIX}/authurl`)).statusCode, 200)
  }
})
