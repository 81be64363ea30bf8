// Two platforms in one gateway, each with its own WeChat: the same account authorizes both, and nothing of one is ever the other's.
// Callers see what CONFIG_FILE grants them.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { Redis } from 'ioredis'
import t from 'tap'
import { freePort } from '../helpers/free-port.ts'
import type { Answer } from '../helpers/gateway.ts'
import { startProcess } from '../helpers/process.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000aa'
const OTHER = 'wx00000000000000bb'
const PLATFORMS = ['one', 'two'] as const
const keyOf = (name: string) => `key-of-${name}-${'x'.repeat(32)}`

/** Both platforms call one WeChat: whose call it is stands in its body. */
async function startWeChat(simulators: readonly Simulator[]) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const asked = simulators.find(({ component }) => body.includes(component.appId))
      if (!asked) {
        response.writeHead(400).end()
        return
      }
      fetch(`${asked.url}${request.url}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
        .then(async (answer) =>
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
        )
        .catch(() => response.destroy())
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
}

void t.test('two platforms and their callers', async (story) => {
  const server = await startRedis()
  const redis = new Redis(server.url)
  const [publicPort, internalPort, workerPort] = [await freePort(), await freePort(), await freePort()]
  const base = `http://127.0.0.1:${publicPort}/apis/v1/wx`
  const simulators = await Promise.all(
    PLATFORMS.map((id) =>
      startSimulator({
        component: {
          appId: `wx${randomBytes(8).toString('hex')}`,
          token: `token${id}`,
          encodingAesKey: randomBytes(64).toString('hex').slice(0, 43),
        },
        eventUrl: `${base}/${id}/event`,
        callbackUrl: `${base}/${id}/$APPID$/callback`,
      }),
    ),
  )
  const [one, two] = simulators
  if (!one || !two) throw new Error('two simulators')
  const wechat = await startWeChat(simulators)
  const folder = await mkdtemp(join(tmpdir(), 'wxgw-two-'))
  const configFile = join(folder, 'gateway.yaml')
  await writeFile(
    configFile,
    JSON.stringify({
      platforms: simulators.map(({ component }, index) => ({
        id: PLATFORMS[index],
        componentAppid: component.appId,
        componentAppsecret: component.appSecret,
        token: component.token,
        encodingAesKey: component.encodingAesKey,
      })),
      callers: [
        { name: 'all', key: keyOf('all') },
        {
          name: 'crm',
          key: keyOf('crm'),
          grants: [{ platforms: ['one'], authorizers: [APP], actions: ['tokens:read', 'authorizers:read'] }],
        },
        {
          name: 'force',
          key: keyOf('force'),
          grants: [{ platforms: ['two'], actions: ['tokens:read', 'tokens:force'] }],
        },
      ],
    }),
  )
  const env = {
    REDIS_URL: server.url,
    CONFIG_FILE: configFile,
    WX_API_BASE_URL: wechat.url,
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PUBLIC_HOST: '127.0.0.1',
    PUBLIC_PORT: String(publicPort),
    INTERNAL_PORT: String(internalPort),
    WORKER_PORT: String(workerPort),
    PUBLIC_BASE_URL: `http://127.0.0.1:${publicPort}`,
  }
  const processes = [startProcess('apps/ingress/dist/main.js', env), startProcess('apps/worker/dist/main.js', env)]
  story.teardown(async () => {
    await Promise.all(processes.map((process) => process.end('SIGKILL')))
    redis.disconnect()
    await Promise.all(simulators.map((simulator) => simulator.close()))
    await wechat.close()
    await server.stop()
    await rm(folder, { recursive: true })
  })

  const call = async (caller: string, path: string): Promise<{ status: number; body: Answer }> => {
    const response = await fetch(`http://127.0.0.1:${internalPort}/apis/v1/wx/${path}`, {
      headers: { authorization: `Bearer ${keyOf(caller)}` },
    })
    return { status: response.status, body: (await response.json()) as Answer }
  }

  const urls = [`http://127.0.0.1:${internalPort}`, `http://127.0.0.1:${workerPort}`]
  await until(
    'both listen',
    () =>
      Promise.all(urls.map((url) => fetch(`${url}/healthz`))).then(
        () => true,
        () => false,
      ),
    { timeoutMs: 30_000, everyMs: 50 },
  )
  for (const [index, simulator] of simulators.entries()) {
    await simulator.pushTicket()
    simulator.addAccount({ appId: APP, userName: `gh_aa${index}`, nickName: `of ${PLATFORMS[index]}` })
    simulator.addAccount({ appId: OTHER, userName: `gh_bb${index}` })
    await simulator.authorize(APP)
    await simulator.authorize(OTHER)
  }
  await until('both have both', async () => {
    const answers = await Promise.all(
      PLATFORMS.flatMap((id) => [APP, OTHER].map((appId) => call('all', `${id}/authorizers/${appId}`))),
    )
    return answers.every(({ body }) => body.nick_name)
  })

  await story.test('the same account has its own token, profile and refresh on each', async (t) => {
    for (const [index, simulator] of simulators.entries()) {
      const id = PLATFORMS[index]
      const { body } = await call('all', `${id}/access_token/${APP}`)
      t.ok(simulator.isCurrentAccessToken(APP, String(body.token)), `the token of ${id}`)
      t.equal(await redis.get(`wx:{${id}}:access_token:${APP}`), body.token)
      t.equal((await call('all', `${id}/authorizers/${APP}`)).body.nick_name, `of ${id}`)
      t.ok(simulator.isCurrentComponentToken(String((await call('all', `${id}/component_access_token`)).body.token)))
    }
    const before = await call('all', `one/access_token/${APP}`)
    const forced = await call('all', `two/access_token/${APP}?force=true`)
    t.ok(two.isCurrentAccessToken(APP, String(forced.body.token)))
    t.equal(
      (await call('all', `one/access_token/${APP}`)).body.token,
      before.body.token,
      'a refresh of one is none of the other',
    )
  })

  await story.test('revoked on one, it goes on on the other', async (t) => {
    await two.unauthorize(OTHER, { createTimeSeconds: Math.floor(Date.now() / 1000) + 1 })
    await until('it is revoked there', async () => (await call('all', `two/access_token/${OTHER}`)).status === 410)
    t.equal((await call('all', `one/access_token/${OTHER}`)).status, 200)
  })

  await story.test('a caller has what it is granted, and an ungranted thing looks like none', async (t) => {
    t.equal((await call('crm', `one/access_token/${APP}`)).status, 200)
    t.equal((await call('crm', `one/access_token/${APP}?force=true`)).status, 403)
    t.equal((await call('crm', `one/access_token/${OTHER}`)).status, 403)
    t.equal((await call('crm', 'one/access_token/wx00000000000000ff')).status, 403)
    t.equal((await call('crm', `two/access_token/${APP}`)).status, 403)
    t.equal((await call('crm', 'one/component_access_token')).status, 403, 'narrowed to authorizers')
    t.strictSame(
      (await call('crm', 'one/authorizers')).body.items?.map(({ appid }) => appid),
      [APP],
    )
    t.equal((await call('force', `two/access_token/${APP}?force=true`)).status, 200)
    t.equal((await call('force', 'two/component_access_token')).status, 200)
    t.equal((await call('force', 'two/authorizers')).status, 403)
    t.equal((await call('nobody', `one/access_token/${APP}`)).status, 401)
  })

  await story.test("the worker's metrics tell of each platform by itself", async (t) => {
    const metrics = await until('one worker has gathered them', async () => {
      const text = await fetch(`http://127.0.0.1:${workerPort}/metrics`).then((response) => response.text())
      return PLATFORMS.every((id) => text.includes(`wxgw_authorizers{platform="${id}",process="worker"} 2`))
        ? text
        : undefined
    })
    for (const id of PLATFORMS) {
      t.match(metrics, new RegExp(`wxgw_ticket_age_seconds\\{platform="${id}",process="worker"\\} \\d`))
      t.match(metrics, new RegExp(`wxgw_authorizers\\{platform="${id}",process="worker"\\} 2`))
      t.match(metrics, new RegExp(`wxgw_authorizers_due\\{platform="${id}",process="worker"\\} \\d`))
      t.match(
        metrics,
        new RegExp(
          `wxgw_token_refreshes_total\\{platform="${id}",kind="component",outcome="refreshed",process="worker"\\} \\d`,
        ),
      )
    }
  })
})
