// Owns: calls of WeChat's APIs with made-up paths and queries, and counting what must not happen: another host, a denied path, a token of
// ours in an answer, a header or a log line. WeChat repeats whatever it was asked, token included, wherever it can.
import { Agent, createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { type CallGateway, startCallGateway } from '../../apps/ingress/api-calls/call-gateway.ts'
import { APPID_A, APPID_B, SECRETS } from '../../apps/ingress/samples.ts'
import { keyOf, PREFIX } from '../../apps/ingress/gateway-fixture.ts'
import { pick, type Random } from './mutate.ts'

export type CallCounts = {
  requests: number
  answers: Record<string, number>
  /** Calls that WeChat got. */
  passed: number
  otherHosts: number
  denied: number
  leaks: number
  hung: number
  /** The first few that went wrong, to try again. */
  offenders: string[]
}

type Teardown = Parameters<typeof startCallGateway>[0]

const KEY = keyOf('fuzz')
const CONCURRENCY = 16
const HUNG_AFTER_MS = 10_000
const MAX_OFFENDERS = 20
/** As the contract lists them. */
const DENIED = new Set(
  [
    'token',
    'stable_token',
    'api_component_token',
    'api_query_auth',
    'api_authorizer_token',
    'api_create_preauthcode',
    'api_get_authorizer_list',
  ]
    .concat(['api_get_authorizer_info', 'api_start_push_ticket', 'clear_quota/v2', 'account/fastregister'])
    .flatMap((api) => [`/cgi-bin/${api}`, `/cgi-bin/component/${api}`])
    .concat('/tcb/getqcloudtoken'),
)

export async function fuzzCalls(
  t: Teardown,
  { count, random }: { count: number; random: Random },
): Promise<CallCounts> {
  const counts: CallCounts = {
    requests: 0,
    answers: {},
    passed: 0,
    otherHosts: 0,
    denied: 0,
    leaks: 0,
    hung: 0,
    offenders: [],
  }
  const fail = (kind: 'otherHosts' | 'denied' | 'leaks' | 'hung', what: string) => {
    counts[kind] += 1
    if (counts.offenders.length < MAX_OFFENDERS) counts.offenders.push(`${kind} ${what}`)
  }
  const elsewhere = await startElsewhere(t, () => fail('otherHosts', 'a connection'))
  const gateway = await startCallGateway(t, {
    grants: { fuzz: [{ platforms: undefined, authorizers: undefined, actions: ['api:call', 'component_api:call'] }] },
    maxConcurrent: 512,
  })
  const standIn = await standInOf(gateway)
  const secrets = [SECRETS.accessToken, SECRETS.componentToken, KEY, standIn]
  const own = new URL(gateway.wechat.url).host
  gateway.wechat.answer((response, incoming) => {
    gateway.wechat.seen.length = 0
    counts.passed += 1
    const url = incoming.url ?? ''
    if (incoming.headers.host !== own || !url.startsWith('/')) fail('otherHosts', url)
    if (isDenied(url.split('?', 1)[0] ?? '')) fail('denied', url)
    if ([KEY, standIn].some((secret) => JSON.stringify([url, incoming.rawHeaders]).includes(secret))) fail('leaks', url)
    const echo = JSON.stringify({ errcode: 1, errmsg: url })
    const repeated = { location: `${elsewhere}/${url}#${url}`, 'content-disposition': `a; b=${url}` }
    const types = ['application/json', 'text/plain', 'image/png']
    response.writeHead(pick(random, [200, 200, 302, 500]), {
      ...repeated,
      'content-type': pick(random, types),
      'content-length': Buffer.byteLength(echo),
    })
    response.end(echo)
  })

  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  const pieces = piecesWith({ elsewhere, standIn })
  let left = count
  async function runOne(): Promise<void> {
    while (left > 0) {
      left -= 1
      const target = targetOf(random, pieces)
      const authorization = pick(random, [`Bearer ${KEY}`, `Bearer ${KEY}`, `Bearer ${KEY}`, `Bearer ${standIn}`, ''])
      const answer = await exchange({ agent, gateway, target, authorization })
      counts.requests += 1
      if (answer === undefined) {
        fail('hung', target)
        continue
      }
      counts.answers[answer.status] = (counts.answers[answer.status] ?? 0) + 1
      if (secrets.some((secret) => answer.text.includes(secret))) fail('leaks', target)
      const logged = JSON.stringify(gateway.lines)
      if (secrets.some((secret) => logged.includes(secret))) fail('leaks', `log of ${target}`)
      gateway.lines.length = 0
      gateway.fake.calls.length = 0
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, runOne))
  agent.destroy()
  return counts
}

/** Where no request may ever come. */
async function startElsewhere(t: Teardown, onConnection: () => void): Promise<string> {
  const server = createServer((_request, response) => response.end())
  server.on('connection', onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function standInOf(gateway: CallGateway): Promise<string> {
  const answer = await gateway.call(`proxy_token/${APPID_A}`, { headers: gateway.bearer(KEY) })
  return ((await answer.json()) as { token: string }).token
}

function isDenied(path: string): boolean {
  let current = path
  for (let round = 0; round < 4; round += 1) {
    if (/(^|\/)\.{1,2}(\/|$)|\/\/|\\|\0/.test(current)) return true
    if (DENIED.has(current.toLowerCase().replace(/(.)\/$/, '$1'))) return true
    try {
      current = decodeURIComponent(current)
    } catch {
      return false
    }
  }
  return false
}

type Pieces = { path: readonly string[]; query: readonly string[] }

function piecesWith({ elsewhere, standIn }: { elsewhere: string; standIn: string }): Pieces {
  const host = elsewhere.slice('http://'.length)
  const words = [...DENIED].flatMap((path) => path.split('/').filter((word) => word !== ''))
  return {
    path: [
      ...[
        '/',
        '/',
        '/',
        '/',
        '/',
        '//',
        '\\',
        '%2f',
        '%5c',
        '%5C',
        '%00',
        '.',
        '..',
        '%2e',
        '%2E%2e',
        '%252e',
        '%252f',
        '%25',
        '%',
        ';',
        '@',
        ':',
        '?',
        '#',
        '%23',
        '%3f',
      ],
      ...[
        '/cgi-bin/',
        '/cgi-bin/component/',
        '/cgi-bin/',
        '/cgi-bin/component/',
        'message/custom/send',
        '/wxa/gettemplatelist',
        '/sns/userinfo',
        '你',
        '%E4%BD%A0',
        'é',
      ],
      ...[
        elsewhere,
        `//${host}`,
        `@${host}`,
        `/\\${host}`,
        `${host}/`,
        ...words,
        ...words.map((word) => word.toUpperCase()),
      ],
    ],
    query: [
      ...[
        'access_token',
        'component_access_token',
        'ACCESS_TOKEN',
        'access%5ftoken',
        'access_token[]',
        '+access_token',
        'a',
        'component_appid',
        '',
      ],
      ...[
        '=',
        '=',
        '=',
        '&',
        '&',
        '&',
        ';',
        '%3D',
        '%26',
        '%',
        '#',
        '?',
        `&access_token=${standIn}&`,
        KEY,
        'value',
        '%E4%BD%A0',
        elsewhere,
      ],
    ],
  }
}

function targetOf(random: Random, { path, query }: Pieces): string {
  const drawn = (from: readonly string[], most: number) =>
    Array.from({ length: random(most) }, () => pick(random, from)).join('')
  const route = pick(random, [
    `api/${APPID_A}/`,
    `api/${APPID_A}/`,
    `api/${APPID_B}/`,
    'component-api/',
    `api/${APPID_A}`,
    `api/../api/${APPID_A}/`,
  ])
  // A good part of them close to what is denied.
  const plain = random(3) === 0 ? `${pick(random, [...DENIED]).slice(random(2))}${pick(random, ENDS)}` : drawn(path, 7)
  const spelt = plain.replaceAll(/[a-z/.]/gi, (letter) => spellingOf(letter, random(40)))
  const asked = random(3) === 0 ? '' : `?${drawn(query, 9)}`
  // Bytes, as a socket would have them; blanks would end the target.
  return Buffer.from(`${PREFIX}/${route}${spelt}${asked}`)
    .toString('latin1')
    .replaceAll(/[^\u0021-\u00ff]/g, '')
}

const ENDS = ['', '', '', '', '/', '//', '%2f', '/x', '%00', ';a', '%20', '.', '/.', '?a', '#', '%3f']

function spellingOf(letter: string, drawn: number): string {
  if (drawn === 0) return `%${letter.charCodeAt(0).toString(16)}`
  if (drawn === 1) return `%25${letter.charCodeAt(0).toString(16)}`
  return drawn < 5 ? letter.toUpperCase() : letter
}

type Exchange = { agent: Agent; gateway: CallGateway; target: string; authorization: string | undefined }

function exchange({
  agent,
  gateway,
  target,
  authorization,
}: Exchange): Promise<{ status: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const headers = authorization === '' ? {} : { authorization }
    const outgoing = request(
      { agent, port: gateway.port, host: '127.0.0.1', path: target, headers, timeout: HUNG_AFTER_MS },
      (response: IncomingMessage) => {
        let text = JSON.stringify(response.rawHeaders)
        response.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(undefined))
    outgoing.end()
  })
}
