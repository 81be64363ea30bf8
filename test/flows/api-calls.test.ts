// WeChat's APIs through real ingresses, with the simulator as WeChat behind a CONNECT proxy: one refresh for all who meet a dead token,
// a brake that every process knows, stand-ins at every ingress, and an ingress for each listener alone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startConnectProxy } from '../helpers/connect-proxy.ts'
import { startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000aa'
const KEY = 'key-of-a-caller-with-many-calls-at-once'

void t.test('calls of APIs', async (story) => {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-calls-'))
  const proxy = await startConnectProxy('user:p%40ss')
  const configFile = join(dir, 'config.yaml')
  await writeFile(configFile, `callers:\n  - name: many\n    key: ${KEY}\n    maxConcurrent: 512\n    grants: [{ actions: [api:call, component_api:call] }]\n`)
  const gateway = await startGateway({
    ingresses: 2,
    env: { CONFIG_FILE: configFile, WX_API_PROXY_URL: proxy.url, FORCE_MIN_INTERVAL_SECONDS: '0' },
    simulator: { accessTokenOverlapSeconds: 0, componentTokenOverlapSeconds: 0 },
  })
  story.teardown(async () => {
    await gateway.stop()
    proxy.close()
    await rm(dir, { recursive: true, force: true })
  })
  const { simulator } = gateway
  const headers = { authorization: `Bearer ${KEY}` }
  const at = (ingress: number, path: string, init: RequestInit = {}) =>
    fetch(`${gateway.ingresses[ingress]?.internalUrl}/apis/v1/wx/open1/${path}`, { headers, ...init })
  const send = (ingress: number, content: string) =>
    at(ingress, `api/${APP}/cgi-bin/message/custom/send`, {
      method: 'POST',
      body: JSON.stringify({ touser: 'oUSER', msgtype: 'text', text: { content } }),
    })
  const json = async (answered: Promise<Response>) => (await answered).json() as Promise<Record<string, unknown>>

  await story.test('all of them, and our own calls, go through the proxy', async (t) => {
    simulator.addAccount({ appId: APP, userName: 'gh_a' })
    t.ok((await simulator.pushTicket()).ok)
    await simulator.authorize(APP)
    await until('the account is there', async () => (await gateway.call('GET', `/authorizers/${APP}`)).body.status === 'active')
    t.same(await json(send(0, '你好')), { errcode: 0, errmsg: 'ok' })
    t.match(simulator.sentCustomMessages.at(-1)?.message, { text: { content: '你好' } })
    t.ok(proxy.targets.length > 0)
    t.same([...new Set(proxy.targets)], [new URL(simulator.url).host])
  })

  /** Somebody else refreshes: what the gateway holds is dead. */
  async function killToken(): Promise<void> {
    const { token } = (await gateway.call('GET', '/component_access_token')).body
    const body = {
      component_appid: gateway.component.appId,
      authorizer_appid: APP,
      authorizer_refresh_token: simulator.currentRefreshToken(APP),
    }
    await fetch(`${simulator.url}/cgi-bin/component/api_authorizer_token?component_access_token=${token}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
  }

  await story.test('1,000 parallel calls that meet a dead token cause one refresh, and get 1,000 right answers', async (t) => {
    await killToken()
    simulator.clearCalls()
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, index) => json(send(index % 2, `number ${index}`))))
    t.ok(answers.every(({ errcode }) => errcode === 0))
    t.equal(simulator.countCalls('api_authorizer_token', APP), 1)
  })

  await story.test('a stand-in is good at another ingress', async (t) => {
    const { token } = await json(at(0, `proxy_token/${APP}`))
    const called = at(1, `api/${APP}/cgi-bin/ticket/getticket?type=jsapi&access_token=${String(token)}`, { headers: {} })
    t.equal((await called).status, 403, 'its caller may not read tickets')
    t.match(await json(at(1, `api/${APP}/cgi-bin/getcallbackip?access_token=${String(token)}`, { headers: {} })), { ip_list: Array })
  })

  await story.test('what is out of quota for one ingress is so for all, until it is cleared', async (t) => {
    simulator.configure({ dailyQuota: { 'message/custom/send': 0 } })
    const first = await send(0, 'a')
    t.equal(first.headers.get('x-wechat-errcode'), '45009')
    const body = await first.text()
    simulator.configure({ dailyQuota: {} })
    for (const ingress of [1, 0]) {
      const braked = await send(ingress, 'b')
      t.equal(braked.headers.get('x-gateway-brake'), '1')
      t.equal(await braked.text(), body)
    }
    const clear = at(1, `api/${APP}/cgi-bin/openapi/quota/clear`, {
      method: 'POST',
      body: '{"cgi_path":"/cgi-bin/message/custom/send"}',
    })
    t.match(await json(clear), { errcode: 0 })
    t.match(await json(send(0, 'c')), { errcode: 0 })
  })

  await story.test("the component's secret clears a quota when its token cannot be had", async (t) => {
    t.match(await json(at(0, 'component/clear_quota', { method: 'POST' })), { errcode: 0 })
    t.equal(simulator.countCalls('clear_quota/v2'), 1)
  })

  await story.test('a proxy that gives no tunnel is no connection: the call was not sent', async (t) => {
    proxy.refuse()
    await until('no connection is left', async () => {
      const answer = await send(0, 'x')
      return answer.status === 502 && ((await answer.json()) as { sent?: string }).sent === 'no'
    })
    t.notMatch(gateway.ingresses[0]?.process.output(), /p%40ss|p@ss/)
  })

  await story.test('an ingress of one listener opens the other port for nobody', async (t) => {
    for (const [listeners, open, closed] of [['public', 'publicUrl', 'internalUrl'], ['internal', 'internalUrl', 'publicUrl']] as const) {
      const ingress = await gateway.startIngress({ env: { LISTENERS: listeners } })
      t.equal((await fetch(`${ingress[open]}/healthz`)).status, 200, `${listeners} serves ${open}`)
      await t.rejects(fetch(`${ingress[closed]}/healthz`), `${listeners} serves no ${closed}`)
      t.equal((await fetch(`${ingress[open]}/metrics`)).status, listeners === 'internal' ? 200 : 404)
      t.equal(await ingress.process.end('SIGTERM'), 0)
    }
  })
})
