// The whole story with every secret that takes part in it, then a search for each of them: in the logs, in every HTTP answer, in
// every key and value of Redis, in every command that ever changed it.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import t from 'tap'
import { API_KEY, type Answer } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { componentDocument, textMessage } from '../apps/ingress/sealed-push.ts'
import { nowSeconds } from '../helpers/push-text.ts'
import { AUTHORIZER, parsed, PREFIX, PREVIOUS, pushBytes, startHostileGateway } from './hostile-gateway.ts'
import { type RawAnswer, requestBytes, sendBytes } from './raw-http.ts'
import { commandsEverWritten, dumpRedis, type NamedSecret, secretsIn, type Sighting } from './secret-search.ts'

const TOKEN_KEY = /^wx:\{open1\}:(component_access_token|access_token:wx[0-9A-Za-z]{16})$/

void t.test(
  'no secret stands in a log, in an answer that is not meant to hold it, or in Redis outside the two documented keys',
  async (t) => {
    const sealingKeys = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
    const gateway = await startHostileGateway(t, {
      env: {
        SEALING_KEYS: sealingKeys.map((key, index) => `k${index}:${key}`).join(),
        LOG_LEVEL: 'trace',
        FORCE_MIN_INTERVAL_SECONDS: '1',
      },
    })
    const { simulator, component, witness, auth } = gateway
    const appId = AUTHORIZER.appId
    const secrets = new Map<string, string>()
    /** Tokens that may stand under the two documented keys. */
    const tokens = new Map<string, string>()
    const sightings: Sighting[] = []
    const keep = (name: string, value: string | undefined, among = secrets) => {
      if (value !== undefined && value !== '') among.set(value, name)
    }
    const listed = (...maps: Array<ReadonlyMap<string, string>>): NamedSecret[] =>
      maps.flatMap((map) => [...map].map(([value, name]) => ({ value, name })))
    function keepCurrent() {
      keep('refresh token', simulator.currentRefreshToken(appId))
      keep('access token', simulator.currentAccessToken(appId), tokens)
      keep('ticket', simulator.latestTicket())
    }
    keep('component secret', component.appSecret)
    keep('token of the pushes', component.token)
    keep('AES key', component.encodingAesKey)
    keep('previous token', PREVIOUS.token)
    keep('previous AES key', PREVIOUS.encodingAesKey)
    keep('API key', API_KEY)
    for (const key of sealingKeys) keep('sealing key', key)
    keepCurrent()

    /** Every answer of the story, with the secrets that the contract gives it. */
    const answers: Array<{ place: string; text: string; gives: string[] }> = []
    const request = async (
      listener: 'public' | 'internal',
      method: string,
      path: string,
      { body, headers = {}, gives = [] }: { body?: unknown; headers?: Record<string, string>; gives?: string[] } = {},
    ): Promise<Answer & Record<string, unknown>> => {
      const answer: RawAnswer = await sendBytes(
        gateway.ports[listener],
        requestBytes(method, path.startsWith('/') ? path : `${PREFIX}/${path}`, {
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          headers: {
            ...(listener === 'internal' ? auth : {}),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        }),
        { withinMs: 20_000 },
      )
      answers.push({ place: `${listener} ${method} ${path.split('?')[0]} ${answer.status}`, text: answer.text, gives })
      return { ...parsed(answer.body), status: String(answer.status) }
    }
    const dump = async (moment: string) => {
      const keys = await dumpRedis(witness.redis)
      for (const { key, text } of keys) {
        const wanted = TOKEN_KEY.test(key) ? listed(secrets) : listed(secrets, tokens)
        for (const secret of secretsIn(`${key} ${text}`, wanted))
          sightings.push({ secret, place: `Redis, ${moment}: ${key}` })
      }
    }

    await t.test('the story', async (t) => {
      const hook = await startWebhook(t)
      keep(
        'component token',
        (await request('internal', 'GET', 'component_access_token', { gives: ['component token'] })).token,
        tokens,
      )
      keep('webhook secret', `whsec_${randomBytes(32).toString('base64')}`)
      const given = [...secrets].find(([, name]) => name === 'webhook secret')?.[0]
      t.equal(
        (
          await request('internal', 'PUT', 'subscriptions/given', {
            body: { sink: { kind: 'webhook', url: hook.url, secret: given }, reply: true },
            gives: ['webhook secret'],
          })
        ).status,
        '201',
      )
      const generated = await request('internal', 'PUT', 'subscriptions/failing', {
        body: { sink: { kind: 'webhook', url: `${hook.url}/fail` }, retry: { scheduleSeconds: [] } },
        gives: ['webhook secret'],
      })
      keep('webhook secret', generated.sink?.secret)
      await request('internal', 'PUT', 'subscriptions/streaming', { body: { sink: { kind: 'stream' } } })
      await request('internal', 'PUT', 'subscriptions/given', {
        body: { sink: { kind: 'webhook', url: hook.url }, reply: true },
      })

      for (const listener of ['public', 'internal'] as const) {
        for (const type of ['mobile', 'scancode']) {
          const { url } = await request(listener, 'GET', `authurl?type=${type}`, { gives: ['pre_auth_code'] })
          keep('pre_auth_code', new URL(String(url)).searchParams.get('pre_auth_code') ?? undefined)
        }
      }
      await request('public', 'GET', 'authorize', { headers: { accept: 'text/html' }, gives: ['pre_auth_code'] })

      const pushed = await simulator.authorize(appId)
      keep('authorization code', pushed.authorizationCode)
      keep('pre_auth_code', pushed.preAuthCode)
      await witness.rest()
      keepCurrent()
      await dump('after the pushed authorization')
      const visited = await simulator.authorize(appId, { push: false })
      keep('authorization code', visited.authorizationCode)
      const code = `auth_code=${encodeURIComponent(visited.authorizationCode)}&expires_in=3600`
      await request('public', 'GET', `authorized?${code}`, { headers: { accept: 'text/html' } })
      await request('public', 'GET', `mpinfo?${code}`)
      keepCurrent()
      await request('internal', 'GET', `mpinfo?${code}`, { gives: ['access token', 'refresh token'] })
      await request('public', 'GET', 'mpinfo?auth_code=queryauthcode@@@nobodysCode0123456789')
      keep('authorization code', 'queryauthcode@@@nobodysCode0123456789')

      const sent = await simulator.sendText(appId, { openId: 'oUSER', content: 'reply please' })
      t.ok(sent.attempts.at(-1)?.body.startsWith('<xml>'), 'a passive reply was sealed')
      await until(
        'the dead letter is there',
        async () => ((await request('internal', 'GET', 'subscriptions/failing/dead-letters')).items ?? []).length > 0,
      )
      await request('internal', 'POST', 'subscriptions/failing/dead-letters/replay', { body: {} })
      await request('internal', 'POST', 'subscriptions/given/test', { body: {} })
      await request('internal', 'GET', 'subscriptions')
      await request('internal', 'GET', 'subscriptions/given')

      for (const target of [`access_token/${appId}`, `access_token/${appId}?force=true`]) {
        keep('access token', (await request('internal', 'GET', target, { gives: ['access token'] })).token, tokens)
      }
      const reported = simulator.currentAccessToken(appId)
      keep(
        'access token',
        (
          await request('internal', 'POST', `access_token/${appId}/invalid`, {
            body: { token: reported },
            gives: ['access token'],
          })
        ).token,
        tokens,
      )
      keep(
        'jsapi ticket',
        (await request('internal', 'GET', `ticket/${appId}?type=jsapi`, { gives: ['jsapi ticket'] })).ticket,
      )
      await request('internal', 'GET', `jssdk_config/${appId}?url=${encodeURIComponent('https://a.example/?x=1')}`)
      const { jobId } = await request('internal', 'POST', 'authorizers/sync')
      await until('the synchronisation ends', async () =>
        /completed|failed/.test(JSON.stringify(await gateway.call('GET', `/authorizers/sync/${jobId}`))),
      )
      await request('internal', 'GET', `authorizers/sync/${jobId}`)
      await dump('in the middle')

      const report = await simulator.runReleaseCheck()
      t.ok(report.steps.length > 0)
      await simulator.pushTicket()
      await witness.rest()
      keepCurrent()
    })

    await t.test('what goes wrong, with secrets in what WeChat says about it', async (t) => {
      const echo = () =>
        `bad ${component.appSecret} ${simulator.latestTicket()} ${simulator.currentRefreshToken(appId)} ${[...tokens.keys()].join(' ')} hint: [x] rid: 6641a1b2-0a1b2c3d-4e5f6071`
      const html = () => `<html>${echo()}</html>`
      for (const plan of [
        { errcode: 61023, errmsg: echo() },
        { status: 500, body: html() },
        { errcode: -1, errmsg: echo() },
      ]) {
        const fault = simulator.fault('*', plan)
        await request('internal', 'GET', `access_token/${appId}?force=true`, { gives: ['access token'] })
        await request('internal', 'GET', `ticket/${appId}?type=wx_card`, { gives: [] })
        await request('public', 'GET', 'authurl')
        await request('public', 'GET', `mpinfo?auth_code=queryauthcode@@@fault${Object.keys(plan).length}`)
        await request('public', 'GET', 'authorize', { headers: { accept: 'text/html' } })
        const { jobId } = await request('internal', 'POST', 'authorizers/sync')
        await request('internal', 'GET', `authorizers/sync/${jobId}`)
        const failing = await simulator.authorize(AUTHORIZER.appId, { push: 'updateauthorized' })
        keep('authorization code', failing.authorizationCode)
        await witness.rest(200)
        await request('internal', 'GET', `authorizers/sync/${jobId}`)
        fault.remove()
        keepCurrent()
      }
      const astray = [
        componentDocument(
          'component_verify_ticket',
          nowSeconds(),
          '<ComponentVerifyTicket>ticket@@@astray0123456789abcdef</ComponentVerifyTicket>',
          component.appId,
        ),
        componentDocument(
          'component_verify_ticket',
          nowSeconds(),
          '<ComponentVerifyTicket>ticket@@@astray0123456789abcdef',
          component.appId,
        ),
        componentDocument(
          'notify_new',
          nowSeconds(),
          '<auth_code>queryauthcode@@@astray0123456789</auth_code>',
          component.appId,
        ),
        ...SECRET_NAMES.flatMap((name) => inEveryNotation(name, ASTRAY, component.appId)),
      ]
      keep('a secret in some notation', ASTRAY)
      keep('ticket', 'ticket@@@astray0123456789abcdef')
      keep('authorization code', 'queryauthcode@@@astray0123456789')
      const routes = ['event', `${appId}/callback`]
      const sent = astray.flatMap((document) =>
        routes.map((route) => sendBytes(gateway.ports.public, pushBytes(route, gateway.seal(document)))),
      )
      t.same(new Set((await Promise.all(sent)).map(({ body }) => body)), new Set(['success']))
      for (const headers of [
        { authorization: 'Bearer strangersKey0123456789abcdef0123456789' },
        { cookie: 'session=strangersCookie0123456789abcdef' },
      ]) {
        keep("a stranger's key", 'strangersKey0123456789abcdef0123456789')
        keep("a stranger's cookie", 'strangersCookie0123456789abcdef')
        await request('internal', 'GET', `access_token/${appId}?key=strangersKey0123456789abcdef0123456789`, {
          headers: { authorization: '', ...headers },
        })
      }
      await simulator.unauthorize(appId)
      await sendBytes(
        gateway.ports.public,
        pushBytes(
          `${appId}/callback`,
          gateway.seal(textMessage({ to: AUTHORIZER.userName, createTime: nowSeconds() })),
        ),
      )
      await witness.rest()
      for (const path of [
        'events?limit=500',
        'authorizers',
        `authorizers/${appId}`,
        `access_token/${appId}`,
        'subscriptions/failing/dead-letters',
      ])
        await request('internal', 'GET', path)
      for (const path of ['/metrics', '/readyz', '/openapi.json']) await request('internal', 'GET', path)
    })

    await t.test('and the search', async (t) => {
      await dump('at the end')
      const all = listed(secrets, tokens)
      const kinds = [...new Set([...secrets.values(), ...tokens.values()])]
      t.ok(kinds.length >= 17, `${all.length} secrets of ${kinds.length} kinds took part: ${kinds.join(', ')}`)

      for (const { place, text, gives } of answers) {
        for (const secret of secretsIn(text, all))
          if (!gives.includes(secret)) sightings.push({ secret, place: `answer of ${place}` })
      }
      for (const { process } of [...gateway.ingresses, ...gateway.workers]) {
        for (const line of process.output().split('\n'))
          for (const secret of secretsIn(line, all)) sightings.push({ secret, place: `log: ${line.slice(0, 300)}` })
      }
      const commands = await commandsEverWritten(witness.redis)
      t.ok(commands.length > 300, `${commands.length} commands changed Redis`)
      const open = commands
        .filter(([, key = '']) => TOKEN_KEY.test(key))
        .flatMap((command) => secretsIn(command.join(' '), listed(tokens)))
      t.same(new Set(open), new Set(['access token', 'component token']), 'the search finds what is there')
      for (const command of commands) {
        const [, key = ''] = command
        const wanted = TOKEN_KEY.test(key) ? listed(secrets) : all
        for (const secret of secretsIn(command.join(' '), wanted))
          sightings.push({ secret, place: `append-only file: ${command.slice(0, 3).join(' ').slice(0, 120)}` })
      }
      t.same(sightings, [])
      t.ok(answers.length > 50, `${answers.length} answers`)
      gateway.assertQuietLogs(t)
    })
  },
)

const ASTRAY = 'astraySecret0123456789abcdefXYZ'
/** All names are swept through where the texts are emptied; here it is seen that they are, on every way. */
const SECRET_NAMES = ['ComponentVerifyTicket', 'auth_code']

/** Documents that are no XML, or hold in their texts what is none, with this secret. */
function inEveryNotation(name: string, secret: string, appId: string): string[] {
  const json = JSON.stringify({ AppId: appId, InfoType: 'authorized', [name]: secret })
  const xml = `<xml><AppId>${appId}</AppId><${name}>${secret}</${name}>`
  return [
    json,
    JSON.stringify({ info: json }),
    JSON.stringify({ pairs: [name, secret] }),
    `InfoType=authorized&${name}=${secret}`,
    encodeURIComponent(json),
    Buffer.from(json).toString('base64'),
    xml,
    `${xml}</xml>`,
    `<xml><AppId>${appId}</AppId><${name}><![CDATA[${secret}`,
    `${xml}</xml>`.replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    `${name}: ${secret}`,
    componentDocument(
      'notify_new',
      nowSeconds(),
      `<info><![CDATA[${json}]]></info><deep><${name}>${secret}</${name}></deep>`,
      appId,
    ),
    componentDocument('notify_new', nowSeconds(), `<info>${Buffer.from(json).toString('base64')}</info>`, appId),
  ]
}

async function startWebhook(t: { teardown(close: () => void): unknown }) {
  const received: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      received.push(request.headers)
      const fails = request.url?.endsWith('/fail') === true
      // What a consumer says when it fails may be anything, its own secrets included.
      if (fails)
        response
          .writeHead(500, { 'content-type': 'text/plain' })
          .end('Error: password=hunter2hunter2hunter2hunter2 at /srv/app.js:1')
      else
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ reply: { MsgType: 'text', Content: 'of course' } }))
    })
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return { url: `http://127.0.0.1:${address.port}/hook`, received }
}
