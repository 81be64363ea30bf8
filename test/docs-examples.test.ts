// Owns: that what the documentation shows is true: examples, tables, routes and the names of events.
import { errcode } from '@wxgw/catalogue'
import {
  DEFAULT_RETRY_SCHEDULE_SECONDS,
  DOCUMENT_REPLY_TYPES,
  GatewayEventSchema,
  ReplySchema,
  RETRY_JITTER,
  SubscriptionInputSchema,
} from '@wxgw/contracts'
import { createInternalServer } from '@wxgw/ingress'
import { loadConfig } from '@wxgw/runtime'
import { createStreamedCalls, Secret, systemClock } from '@wxgw/wechat-core'
import t from 'tap'
import { Value } from 'typebox/value'
import { codeBlocks, pages, projectText, section, sources, tableRows } from './helpers/docs.ts'

const EVENTS = projectText('docs/events.md')

void t.test('every event that docs/events.md shows is an event', async (t) => {
  const examples = codeBlocks(EVENTS, 'json').map((block): unknown => JSON.parse(block))
  t.ok(examples.length >= 3)
  for (const example of examples) t.strictSame([...Value.Errors(GatewayEventSchema, example)], [])
})

void t.test(
  'every reply that docs/subscriptions.md shows is a reply, and the subscription a subscription',
  async (t) => {
    const text = projectText('docs/subscriptions.md')
    const replies = codeBlocks(section(text, '## Passive replies'), 'json').join('').trim().split('\n')
    t.equal(replies.length, 7, 'one of each kind')
    for (const reply of replies) t.ok(Value.Check(ReplySchema, JSON.parse(reply)), reply)
    for (const page of ['docs/subscriptions.md', 'examples/README.md', 'README.md', 'README.zh-CN.md']) {
      const bodies = [...projectText(page).matchAll(/-d '(\{[\s\S]*?\})'/g)].map(([, body = '']) => body)
      t.ok(bodies.length > 0, `${page} shows one`)
      for (const body of bodies) t.strictSame([...Value.Errors(SubscriptionInputSchema, JSON.parse(body))], [], page)
    }
  },
)

void t.test('the table of retries is the default schedule', async (t) => {
  const rows = tableRows(section(EVENTS, '## Retries'))
  const expected = [['1', '', duration(0), '']]
  let total = 0
  for (const [index, seconds] of DEFAULT_RETRY_SCHEDULE_SECONDS.entries()) {
    total += seconds
    expected.push([String(index + 2), duration(seconds), duration(total), duration(total * (1 + RETRY_JITTER))])
  }
  t.strictSame(rows, expected)
})

void t.test('the events that are said to take a document for a reply take one, and no others', async (t) => {
  const rows = tableRows(section(EVENTS, '## Events that want an answer of their own'))
  const documented = rows.flatMap(([cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, type = '']) => type))
  t.strictSame(documented.toSorted(), DOCUMENT_REPLY_TYPES.toSorted())
})

void t.test("the gateway's own events are documented, and no others", async (t) => {
  const inCode = new Set(
    sources().flatMap((path) => [...projectText(path).matchAll(/'(gateway\.[a-z_.]+)'/g)].map(([, type = '']) => type)),
  )
  const inDocs = new Set([...EVENTS.matchAll(/`(gateway\.[a-z_.]+)`/g)].map(([, type = '']) => type))
  t.strictSame([...inDocs].sort(), [...inCode].sort())
})

void t.test('every route that a page names is served', async (t) => {
  const served = await servedRoutes()
  for (const page of pages().filter((page) => !/^(apps|examples)\//.test(page))) {
    for (const [, method = '', path = ''] of projectText(page).matchAll(/`(GET|POST|PUT|DELETE) ([/…][^`\s?]*)/g)) {
      const wanted = path
        .replace(/^…/, '')
        .replace(/^\/apis\/v1\/wx\/(:platform|<platform>|open1)/, '')
        .replaceAll(/:\w+|<\w+>|\$APPID\$/g, '{}')
      // `POST …/test`: the page names the beginning just before.
      const found = served.some(
        (route) =>
          route === `${method} ${wanted}` ||
          (path.startsWith('…') && route.startsWith(method) && route.endsWith(wanted)),
      )
      t.ok(found, `${page}: ${method} ${path}`)
    }
  }
})

void t.test('every errcode that docs/errors.md names is known by the table', async (t) => {
  const rows = tableRows(section(projectText('docs/errors.md'), "## WeChat's errcodes"))
  const codes = rows.flatMap(([cell = '']) =>
    cell
      .split(', ')
      .filter((code) => /^-?\d+$/.test(code))
      .map(Number),
  )
  t.ok(codes.length > 20)
  for (const code of codes) t.ok(errcode(code), String(code))
})

void t.test('every metric of the gateway is in docs/operations.md, and no other', async (t) => {
  const inCode = new Set(
    sources().flatMap((path) => [...projectText(path).matchAll(/'(wxgw_[a-z_]+)'/g)].map(([, name = '']) => name)),
  )
  const inDocs = new Set(
    [...projectText('docs/operations.md').matchAll(/`(wxgw_[a-z_]+)`/g)].map(([, name = '']) => name),
  )
  t.strictSame([...inDocs].sort(), [...inCode].sort())
})

void t.test(
  'the settings that the READMEs show, and the file that docs/configuration.md shows, start a process',
  async (t) => {
    const [yaml = ''] = codeBlocks(projectText('docs/configuration.md'), 'yaml')
    const key = 'k'.repeat(43)
    const secret = 's'.repeat(32)
    for (const page of ['README.md', 'README.zh-CN.md']) {
      const shown = codeBlocks(projectText(page), 'sh').find((block) => block.includes('WX_TOKEN=')) ?? ''
      const sealing = `SEALING_KEYS=k1:${Buffer.alloc(32).toString('base64')}`
      const filled = shown
        .replace('WX_ENCODING_AES_KEY=…', `WX_ENCODING_AES_KEY=${key}`)
        .replace('SEALING_KEYS=k1:…', sealing)
        .replaceAll('…', secret)
      const { warnings, callers, platforms } = loadConfig({ env: {}, readFile: onlyFile('.env', filled) })
      t.strictSame(warnings, [], page)
      t.strictSame([callers.length, platforms.length], [1, 1], page)
    }
    const values = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']): [string, string] => {
      if (name.endsWith('_AES_KEY')) return [name, key]
      return [
        name,
        name.endsWith('_HOOK_SECRET') ? `whsec_${Buffer.from(secret).toString('base64')}` : `${name}-${secret}`,
      ]
    })
    const env = { CONFIG_FILE: 'gateway.yaml', ALLOW_UNSEALED: 'true', ...Object.fromEntries(values) }
    const { warnings, callers, platforms } = loadConfig({ env, readFile: onlyFile('gateway.yaml', yaml) })
    t.strictSame(warnings, [])
    t.strictSame([callers.length, platforms.length], [1, 1])
  },
)

/** Reads this one file, and no other. */
function onlyFile(name: string, text: string): (path: string) => Buffer {
  return (path) => {
    if (path.endsWith(name)) return Buffer.from(text)
    throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
  }
}

/** `METHOD /path` of both listeners, without the prefix of a platform, parameters as `{}`. */
const NO_ENTRIES = {
  note: () => undefined,
  flush: async () => undefined,
  find: async () => ({ items: [], nextCursor: null }),
}

async function servedRoutes(): Promise<string[]> {
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const server = createInternalServer({
    config: {
      messageShards: 1,
      publicListener: { host: '127.0.0.1', port: 0, baseUrl: undefined, trustProxy: [] },
      wechat: {
        apiBaseUrl: '',
        apiTimeoutMs: 1,
        proxyUrl: undefined,
        mpBaseUrl: 'https://mp.example',
        openBaseUrl: 'https://o.example',
      },
      callers: [
        { name: 'docs', key: new Secret('x'.repeat(32)), grants: undefined, maxSubscriptions: 200, maxConcurrent: 64 },
      ],
      sealingKeys: [],
      apiCalls: { maxBodyBytes: 1, timeoutMs: 1 },
      authRedirectOrigins: [],
      authurlRatePerMinute: 30,
      pushMaxSkewSeconds: 600,
    },
    platforms: new Map(),
    intake: { accept: async () => 'queued' },
    memory: { assertRoomFor: () => undefined },
    goesOnWithoutStore: false,
    console: { siteDir: '/nowhere', ended: { end: async () => undefined, isEnded: async () => false } },
    records: { audit: NO_ENTRIES, refusedCalls: NO_ENTRIES },
    calls: createStreamedCalls({ baseUrl: 'http://127.0.0.1:9', timeoutMs: 1, connections: 1 }),
    log: silent,
    readiness: [],
    diagnosis: [],
    settings: { platforms: [], callers: [], subscriptions: undefined },
    clock: systemClock,
    version: '0.0.0',
  })
  const answer = await server.inject({ method: 'GET', url: '/openapi.json' })
  await server.close()
  const { paths } = parseOpenApi(answer.body)
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(
      (method) => `${method.toUpperCase()} ${path.replace('/apis/v1/wx/{platform}', '').replaceAll(/\{\w+\}/g, '{}')}`,
    ),
  )
  // The document does not describe the page that shows it.
  return [...routes, 'GET /docs']
}

function parseOpenApi(text: string): { paths: Record<string, Record<string, unknown>> } {
  return JSON.parse(text) as { paths: Record<string, Record<string, unknown>> }
}

function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.round(seconds % 60), 's'],
  ]
  return (
    parts
      .filter(([value]) => value !== 0)
      .map((part) => part.join(' '))
      .join(' ') || '0 s'
  )
}
