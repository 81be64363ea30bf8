// WeChat's APIs through real ingresses, with the simulator as WeChat behind a CONNECT proxy: one refresh for all who meet a dead token,
// a brake that every process knows, stand-ins at every ingress, and an ingress for each listener alone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FormData, MiniApp, OfficialAccount } from 'node-easywechat'
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
  await writeFile(
    configFile,
    `callers:\n  - name: many\n    key: ${KEY}\n    maxConcurrent: 512\n    grants: [{ actions: [api:call, component_api:call] }]\n`,
  )
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
    await until(
      'the account is there',
      async () => (await gateway.call('GET', `/authorizers/${APP}`)).body.status === 'active',
    )
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

  /** All at once, over so many connections of each ingress that a busy machine still accepts them in time. */
  async function sendMany(count: number): Promise<string[]> {
    const agent = new Agent({ keepAlive: true, maxSockets: 200 })
    const sendOne = (index: number) =>
      new Promise<string>((resolve, reject) => {
        const url = `${gateway.ingresses[index % 2]?.internalUrl}/apis/v1/wx/open1/api/${APP}/cgi-bin/message/custom/send`
        const outgoing = request(url, { method: 'POST', headers, agent }, (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => resolve(text))
        })
        outgoing.on('error', reject)
        outgoing.end(JSON.stringify({ touser: 'oUSER', msgtype: 'text', text: { content: `number ${index}` } }))
      })
    try {
      return await Promise.all(Array.from({ length: count }, (_, index) => sendOne(index)))
    } finally {
      agent.destroy()
    }
  }

  await story.test(
    '1,000 parallel calls that meet a dead token cause one refresh, and get 1,000 right answers',
    async (t) => {
      await killToken()
      simulator.clearCalls()
      const answers = await sendMany(1000)
      t.same([...new Set(answers)], ['{"errcode":0,"errmsg":"ok"}'])
      t.equal(simulator.countCalls('api_authorizer_token', APP), 1)
    },
  )

  await story.test('a stand-in is good at another ingress', async (t) => {
    const { token } = await json(at(0, `proxy_token/${APP}`))
    const called = at(1, `api/${APP}/cgi-bin/ticket/getticket?type=jsapi&access_token=${String(token)}`, {
      headers: {},
    })
    t.equal((await called).status, 403, 'its caller may not read tickets')
    t.match(await json(at(1, `api/${APP}/cgi-bin/getcallbackip?access_token=${String(token)}`, { headers: {} })), {
      ip_list: Array,
    })
  })

  await story.test(
    'an SDK makes its calls with the gateway as its host and a stand-in as its token, and nothing else',
    async (t) => {
      /** It insists on a token: this is one, and lasts two hours at most. */
      const accessToken = {
        async getToken() {
          const { token } = await json(at(0, `proxy_token/${APP}`))
          return String(token)
        },
        async toQuery() {
          return { access_token: await this.getToken() }
        },
      }
      const config = {
        app_id: APP,
        secret: 'none',
        http: { baseURL: `${gateway.internalUrl}/apis/v1/wx/open1/api/${APP}/` },
      }
      const official = new OfficialAccount(config).setAccessToken(accessToken).getClient()
      const mini = new MiniApp(config).setAccessToken(accessToken).getClient()
      const receiver = { touser: 'oUSER', template_id: 't', data: { thing1: { value: '你好' } } }
      const button = [{ type: 'click', name: '今日', key: 'TODAY' }]

      const sent = await official.postJson('cgi-bin/message/custom/send', {
        touser: 'oUSER',
        msgtype: 'text',
        text: { content: '你好' },
      })
      t.match(sent.toObject(), { errcode: 0 })
      t.match((await official.postJson('cgi-bin/message/template/send', receiver)).toObject(), {
        errcode: 0,
        msgid: Number,
      })
      t.match((await official.postJson('cgi-bin/menu/create', { button })).toObject(), { errcode: 0 })
      t.same((await official.get('cgi-bin/menu/get')).toObject(), { menu: { button } })
      t.match((await official.get('cgi-bin/user/info', { params: { openid: 'oUSER' } })).toObject(), {
        openid: 'oUSER',
      })

      const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 13, 10, 255])
      const form = new FormData()
      form.append('media', picture, { filename: 'a.png', contentType: 'image/png' })
      const upload = await official.post('cgi-bin/media/upload', {
        params: { type: 'image' },
        data: form,
        headers: form.getHeaders(),
      })
      const { media_id: mediaId } = upload.toObject<{ media_id: string }>()
      const media = await at(1, `api/${APP}/cgi-bin/media/get?media_id=${mediaId}`)
      t.equal(media.headers.get('content-disposition'), 'attachment; filename="a.png"')
      t.ok(Buffer.from(await media.arrayBuffer()).equals(picture), 'the file is as it was')
      simulator.fault('media/get', { times: 1, cutAfterBytes: 3 })
      await t.rejects(
        at(1, `api/${APP}/cgi-bin/media/get?media_id=${mediaId}`).then((cut) => cut.arrayBuffer()),
        'a cut is a cut',
      )
      simulator.configure({ apiContentType: 'text/plain' })
      const unknown = await at(1, `api/${APP}/cgi-bin/media/get?media_id=unknown`)
      simulator.configure({ apiContentType: 'application/json; encoding=utf-8' })
      t.same([unknown.headers.get('content-type'), unknown.headers.get('x-wechat-errcode')], ['text/plain', '40007'])

      t.match((await mini.postJson('cgi-bin/message/subscribe/send', receiver)).toObject(), { errcode: 0 })
      const code = await mini.postJson('wxa/getwxacodeunlimit', { scene: 'a=1' }, { responseType: 'arraybuffer' })
      t.equal(code.getHeader('content-type'), 'image/jpeg')
      t.match((await mini.postJson('wxa/getwxacodeunlimit', { scene: '' })).toObject(), { errcode: 40169 })

      const session = await json(
        at(0, `component-api/sns/component/jscode2session?appid=${APP}&js_code=c&grant_type=authorization_code`),
      )
      t.match(session, { openid: /^o/, session_key: String })
      const option = { component_appid: gateway.component.appId, authorizer_appid: APP, option_name: 'location_report' }
      const read = at(0, 'component-api/cgi-bin/component/api_get_authorizer_option', {
        method: 'POST',
        body: JSON.stringify(option),
      })
      t.match(await json(read), { option_value: '0' })
    },
  )

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
    for (const [listeners, open, closed] of [
      ['public', 'publicUrl', 'internalUrl'],
      ['internal', 'internalUrl', 'publicUrl'],
    ] as const) {
      const ingress = await gateway.startIngress({ env: { LISTENERS: listeners } })
      t.equal((await fetch(`${ingress[open]}/healthz`)).status, 200, `${listeners} serves ${open}`)
      await t.rejects(fetch(`${ingress[closed]}/healthz`), `${listeners} serves no ${closed}`)
      t.equal((await fetch(`${ingress[open]}/metrics`)).status, listeners === 'internal' ? 200 : 404)
      t.equal(await ingress.process.end('SIGTERM'), 0)
    }
  })
})
