// Owns: for whom a stand-in is good, for what, and for how long.
import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { APPID_A, APPID_B, NOW_MS, SECRETS } from '../samples.ts'
import { createGateway, keyOf, PREFIX, ROOT_KEY } from '../gateway-fixture.ts'
import { listen } from '../raw-client.ts'
import { startCallGateway } from './call-gateway.ts'

const sealingKey = (id: string) => ({ id, key: randomBytes(32) })
const [first, second] = [sealingKey('k1'), sealingKey('k2')]
const any = undefined
const GRANTS = {
  crm: [{ platforms: ['open1'], authorizers: [APPID_A], actions: ['api:call' as const], apis: ['/cgi-bin/*'] }],
  other: [{ platforms: any, authorizers: any, actions: ['api:call' as const] }],
  reader: [{ platforms: any, authorizers: any, actions: ['tokens:read' as const] }],
}
const main = await startCallGateway(t, {
  grants: GRANTS,
  platformIds: ['open1', 'open2'],
  config: { sealingKeys: [first] },
})

async function standIn(name = 'crm', gateway: Pick<typeof main, 'request'> = main): Promise<string> {
  const answer = await gateway.request(`${PREFIX}/proxy_token/${APPID_A}`, { key: keyOf(name) })
  return answer.json<{ token: string }>().token
}

const use = (token: string, gateway = main, path = `api/${APPID_A}/cgi-bin/x`) =>
  gateway.call(`${path}?access_token=${encodeURIComponent(token)}&a=1`, { headers: {} })

/** Another start of the same gateway, or of one that is configured otherwise: a call with this token, without anybody listening. */
async function statusAt(t: Test, token: string, options: Parameters<typeof createGateway>[1]): Promise<number> {
  const gateway = createGateway(t, { grants: GRANTS, platformIds: ['open1', 'open2'], ...options })
  for (const name of ['peek', 'get']) gateway.fake.fail(`authorizerTokens.${name}`, new Error('reached'))
  const port = await listen(gateway.internalServer)
  return (await fetch(`http://127.0.0.1:${port}${PREFIX}/api/${APPID_A}/cgi-bin/x?access_token=${token}`)).status
}
const ACCEPTED = 500

void t.test('it is short, safe in a URL, lasts two hours at most, and makes calls as its caller', async (t) => {
  const answer = await main.call(`proxy_token/${APPID_A}`, { headers: main.bearer(keyOf('crm')) })
  const { token, expires_in: expiresIn, expiresAt, ...rest } = (await answer.json()) as Record<string, unknown>
  t.same(rest, {})
  t.match(token, /^[A-Za-z0-9_.~-]{1,512}$/)
  t.ok(Number(expiresIn) > 0 && Number(expiresIn) <= 7200)
  t.ok(Date.parse(String(expiresAt)) <= NOW_MS + 7_200_000)
  t.equal((await use(String(token))).status, 200)
  t.match(main.wechat.seen.at(-1)?.url, `/cgi-bin/x?access_token=${SECRETS.accessToken}&a=1`)
  t.notMatch(JSON.stringify([main.wechat.seen.map(({ url, headers }) => [url, headers]), main.lines]), String(token))
  t.equal(main.lines.findLast(({ message }) => message === 'api.called')?.fields['caller'], 'crm')
})

void t.test('it is worth nothing anywhere else', async (t) => {
  const token = await standIn()
  const rows: Array<[string, () => Promise<Response>]> = [
    ['as a Bearer', () => main.call(`api/${APPID_A}/cgi-bin/x`, { headers: main.bearer(token) })],
    ['as a Bearer of another route', () => main.call(`access_token/${APPID_A}`, { headers: main.bearer(token) })],
    ['for another account', () => use(token, main, `api/${APPID_B}/cgi-bin/x`)],
    ['for the component', () => use(token, main, 'component-api/cgi-bin/x')],
    ['at access_token', () => use(token, main, `access_token/${APPID_A}`)],
    ['at proxy_token', () => use(token, main, `proxy_token/${APPID_A}`)],
    ['at clear_quota', () => main.call(`component/clear_quota?access_token=${token}`, { method: 'POST', headers: {} })],
    [
      'on another platform',
      () => fetch(`http://127.0.0.1:${main.port}/apis/v1/wx/open2/api/${APPID_A}/cgi-bin/x?access_token=${token}`),
    ],
    ['by another name', () => main.call(`api/${APPID_A}/cgi-bin/x?component_access_token=${token}`, { headers: {} })],
    ['twice', () => main.call(`api/${APPID_A}/cgi-bin/x?access_token=${token}&access_token=${token}`, { headers: {} })],
    ["a caller's key in its place", () => use(ROOT_KEY)],
    ['nothing', () => use('')],
  ]
  for (const [name, attempt] of rows) {
    const answer = await attempt()
    t.equal(answer.status, 401, name)
    t.equal(answer.headers.get('x-gateway-error'), 'UNAUTHENTICATED', name)
    t.notMatch(await answer.text(), token, name)
  }
  t.equal((await use(token, main, `api/${APPID_A}/wxa/x`)).status, 403, 'the paths of the grant hold')
  t.equal((await main.call(`proxy_token/${APPID_A}`, { headers: main.bearer(keyOf('reader')) })).status, 403)
  t.equal((await main.call(`proxy_token/${APPID_B}`, { headers: main.bearer(keyOf('crm')) })).status, 403)
})

void t.test('every altered character makes it worthless', async (t) => {
  const token = await standIn()
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < token.length; at += 1) {
    const altered = alphabet[(alphabet.indexOf(token[at] ?? '') + 1) % 64]
    t.equal((await use(`${token.slice(0, at)}${altered}${token.slice(at + 1)}`)).status, 401, `character ${at}`)
  }
  for (const other of [
    token.slice(1),
    `${token}A`,
    token.slice(0, -1),
    `${token}=`,
    ` ${token}`,
    `${token}%00`,
    token.toLowerCase(),
  ]) {
    t.equal((await use(other)).status, 401)
  }
})

void t.test('a valid key passes whatever else is sent; an invalid key lets a stand-in count', async (t) => {
  const token = await standIn()
  const call = (given: string, key: string) =>
    main.call(`api/${APPID_A}/cgi-bin/x?access_token=${given}`, { headers: main.bearer(key) })
  t.equal((await call('garbage', ROOT_KEY)).status, 200)
  t.equal((await call(token, 'x'.repeat(40))).status, 200)
  t.equal((await call('garbage', 'x'.repeat(40))).status, 401)
})

void t.test('it ends with its time', async (t) => {
  const token = await standIn()
  main.clock.set(NOW_MS + 7_199_000)
  t.equal((await use(token)).status, 200)
  main.clock.set(NOW_MS + 7_200_000)
  t.equal((await use(token)).status, 401)
  main.clock.set(NOW_MS)
})

void t.test('a stand-in survives restart and key rotation, and ends with its key, caller or grant', async (t) => {
  const token = await standIn()
  const own = { sealingKeys: [first] }
  t.equal(await statusAt(t, token, { config: own }), ACCEPTED, 'restarted')
  t.equal(await statusAt(t, token, { config: { sealingKeys: [second, first] } }), ACCEPTED, 'rotated')
  t.equal(await statusAt(t, token, { config: { sealingKeys: [second] } }), 401, 'the sealing key is gone')
  t.equal(await statusAt(t, token, { config: {} }), 401, 'no sealing keys')
  t.equal(await statusAt(t, token, { config: own, grants: { other: GRANTS.other } }), 401, 'the caller is gone')
  const moved = { ...GRANTS, crm: [{ ...GRANTS.crm[0], platforms: any, authorizers: [APPID_B], actions: any }] }
  t.equal(await statusAt(t, token, { config: own, grants: moved }), 401, 'the grant is gone')
})

void t.test("without sealing keys the caller's own key proves it", async (t) => {
  const plain = createGateway(t, { grants: GRANTS })
  const token = await standIn('crm', plain)
  t.equal(await statusAt(t, token, {}), ACCEPTED)
  t.equal(await statusAt(t, token, { config: { sealingKeys: [first] } }), 401)
})
