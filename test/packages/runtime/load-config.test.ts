// Owns: what the settings of the environment come to, and how wrong ones are told.
import { configSummary, loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { AES_KEY, CALLER_KEY, COMPLETE, filesOf, problemsIn } from './settings-for-tests.ts'

type Changes = Readonly<Record<string, string | undefined>>

function load(changes: Changes = {}, files: Readonly<Record<string, string>> = {}) {
  return loadConfig({ env: { ...COMPLETE, ...changes }, readFile: filesOf(files) })
}

const problemsOf = (changes: Changes, files: Readonly<Record<string, string>> = {}) =>
  problemsIn(() => load(changes, files))

void t.test('a complete environment gives the documented defaults', async (t) => {
  const config = load()
  t.match(config, {
    redis: {
      mode: 'standalone',
      endpoints: [{ host: '127.0.0.1', port: 6379 }],
      database: 0,
      tls: undefined,
      sentinel: undefined,
    },
    publicListener: { host: '0.0.0.0', port: 3000, baseUrl: undefined, trustProxy: [] },
    internalListener: { host: '127.0.0.1', port: 3001 },
    workerListener: { host: '127.0.0.1', port: 3002 },
    listeners: ['public', 'internal'],
    apiCalls: { maxBodyBytes: 33_554_432, timeoutMs: 30_000 },
    wechat: {
      apiBaseUrl: 'https://api.weixin.qq.com',
      apiTimeoutMs: 5000,
      proxyUrl: undefined,
      mpBaseUrl: 'https://mp.weixin.qq.com',
      openBaseUrl: 'https://open.weixin.qq.com',
    },
    authRedirectOrigins: [],
    authurlRatePerMinute: 30,
    webhookAllowNetworks: [],
    refreshMarginSeconds: 600,
    sweepIntervalSeconds: 60,
    forceMinIntervalSeconds: 10,
    pushMaxSkewSeconds: 600,
    dedupeSeconds: 3600,
    replyDeadlineMs: 4000,
    eventLogSeconds: 86_400,
    eventLogMaxEvents: 1_000_000,
    logLevel: 'info',
  })
  const [platform] = config.platforms
  t.equal(platform?.id, 'open1')
  t.equal(platform?.encodingAesKey.reveal(), AES_KEY)
  t.equal(platform?.previousToken, undefined)
  t.equal(config.callers[0]?.name, 'ops')
  t.equal(config.callers[0]?.key.reveal(), CALLER_KEY)
  t.equal(config.callers[0]?.grants, undefined)
  t.strictSame(config.sealingKeys, [{ id: 'k1', key: Buffer.alloc(32, 7) }])
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.redis) && Object.isFrozen(config.platforms))
})

void t.test('an ingress serves one of its listeners, or both', async (t) => {
  for (const [text, listeners] of [
    ['public', ['public']],
    ['internal', ['internal']],
    ['internal, public', ['internal', 'public']],
  ] as const) {
    t.strictSame(load({ LISTENERS: text }).listeners, listeners)
  }
  for (const wrong of ['none', 'public,public', ',', 'public;internal'])
    t.match(problemsOf({ LISTENERS: wrong }), { LISTENERS: String }, wrong)
})

void t.test('the console is served unless CONSOLE is off', async (t) => {
  t.equal(load({}).console, true)
  t.equal(load({ CONSOLE: 'off' }).console, false)
  t.match(problemsOf({ CONSOLE: 'no' }), { CONSOLE: String })
})

void t.test('a proxy is an address with credentials or without, and a secret', async (t) => {
  for (const text of ['http://proxy.example:3128', 'https://user:p%40ss@proxy.example', 'http://10.0.0.1:8080/']) {
    const { wechat } = load({ WX_API_PROXY_URL: text })
    t.equal(new URL(wechat.proxyUrl?.reveal() ?? '').host, new URL(text).host)
    t.equal(String(wechat.proxyUrl), '[secret]')
  }
  for (const wrong of words`
    proxy.example:3128 socks5://proxy.example http://proxy.example/path http://a:%zz@proxy.example http://x?leak-a
  `) {
    t.match(problemsOf({ WX_API_PROXY_URL: wrong }), { WX_API_PROXY_URL: /must be a proxy/ }, wrong)
  }
})

void t.test('everything that is missing is told at once, by name', async (t) => {
  const required = words`WX_COMPONENT_APPID WX_COMPONENT_APPSECRET WX_TOKEN WX_ENCODING_AES_KEY API_KEYS SEALING_KEYS`
  const found = Object.keys(problemsOf(Object.fromEntries(required.map((name) => [name, undefined])))).toSorted()
  t.strictSame(found, required.toSorted())
})

void t.test("a platform id that is reserved in Redis is refused by the setting's name", async (t) => {
  const ids = ['component', 'platform', 'messages', 'maintenance', 'deliveries', 'deliveries-x', 'health', 'wx-queue']
  for (const id of [...ids, 'stream', 'queue']) {
    t.match(problemsOf({ WX_PLATFORM_ID: id }), { WX_PLATFORM_ID: /^is reserved: / }, id)
  }
  t.equal(load({ WX_PLATFORM_ID: 'component-2' }).platforms[0]?.id, 'component-2')
})

void t.test('each wrong setting is told by name and without its value', async (t) => {
  const wrong: Record<string, readonly string[]> = {
    REDIS_URL: words`
      http://leak-a:1 redis:// leak-a redis://leak-a,redis://leak-b redis://h/leak-a redis://u:%leak-a@h ,
    `,
    REDIS_MODE: ['leak-a'],
    PUBLIC_HOST: ['leak a', 'http://leak-a'],
    PUBLIC_PORT: ['-1', '65536', '80x', '1e3', '3000.5'],
    PUBLIC_BASE_URL: ['leak-a', 'ftp://leak-a', 'https://user:leak-a@x', 'https://x/?leak-a'],
    TRUST_PROXY: ['leak-a', '10.0.0.0/33', '0x7f.1', 'fe80::1%leak-a', '10.0.0.0/8/9', '10.0.0.0/'],
    WEBHOOK_ALLOW_NETWORKS: ['10.0.0.0/8,leak-a'],
    WX_PLATFORM_ID: ['Leak-a', '-leak-a', 'x'.repeat(33), 'deliveries-leak-a'],
    WX_COMPONENT_APPID: ['leak-a', 'wx0123456789abcde'],
    WX_COMPONENT_APPSECRET: ['leak a'],
    WX_ENCODING_AES_KEY: [AES_KEY.slice(1), `${AES_KEY}x`, AES_KEY.replace('a', '-')],
    WX_PREVIOUS_ENCODING_AES_KEY: ['leak-a'],
    WX_API_BASE_URL: ['leak-a'],
    WX_API_TIMEOUT_MS: ['0', 'leak-a'],
    API_KEYS: [
      'ops',
      `ops=${'k'.repeat(31)}`,
      `=${CALLER_KEY}`,
      `a=${CALLER_KEY},a=${'j'.repeat(32)}`,
      ',',
      `leak a=${CALLER_KEY}`,
    ],
    SEALING_KEYS: [
      'k1',
      'k1:leak-a',
      `k1:${Buffer.alloc(31).toString('base64')}`,
      `k 1:${Buffer.alloc(32).toString('base64')}`,
    ],
    ALLOW_UNSEALED: ['leak-a'],
    AUTH_REDIRECT_ORIGINS: ['https://x/leak-a', 'leak-a', 'ftp://x'],
    AUTHURL_RATE_PER_MINUTE: ['0'],
    REFRESH_MARGIN_SECONDS: ['0', 'leak-a'],
    SWEEP_INTERVAL_SECONDS: ['0'],
    FORCE_MIN_INTERVAL_SECONDS: ['-1'],
    PUSH_MAX_SKEW_SECONDS: ['0', 'leak-a', '1.5'],
    DEDUPE_SECONDS: ['1199', 'leak-a'],
    REPLY_DEADLINE_MS: ['5000', '0'],
    EVENT_LOG_SECONDS: ['0'],
    EVENT_LOG_MAX_EVENTS: ['0', '100000001'],
    INTERNAL_PORT: ['3000', '65536'],
    LOG_LEVEL: ['leak-a'],
    CONFIG_FILE: ['leak-a.yaml'],
  }
  for (const [name, texts] of Object.entries(wrong)) {
    for (const text of texts) {
      const problems = problemsOf({ [name]: text })
      t.strictSame(Object.keys(problems), [name], `${name}=${text}`)
      t.notMatch(JSON.stringify(problems), /leak/i, `${name}=${text} is not shown`)
    }
  }
})

void t.test('the listeners may have one port on different addresses, and when only one is served', async (t) => {
  const samePort = { PUBLIC_PORT: '3001' }
  t.match(problemsOf({ ...samePort, PUBLIC_HOST: '127.0.0.1' }), { INTERNAL_PORT: /PUBLIC_PORT/ })
  for (const apart of [
    { PUBLIC_HOST: '10.0.0.1' },
    { LISTENERS: 'internal' },
    { PUBLIC_PORT: '0', INTERNAL_PORT: '0' },
  ]) {
    t.strictSame(problemsOf({ ...samePort, ...apart }), {})
  }
})

void t.test('the message lists every problem, one a line', async (t) => {
  t.throws(() => load({ PUBLIC_PORT: 'x', LOG_LEVEL: 'x' }), {
    message: /^the configuration has 2 problems\n {2}PUBLIC_PORT: .*\n {2}LOG_LEVEL: .*$/,
  })
})

void t.test('an empty variable counts as not set', async (t) => {
  t.equal(load({ PUBLIC_PORT: '', REDIS_SENTINEL_NAME: ' ' }).publicListener.port, 3000)
  t.match(problemsOf({ WX_TOKEN: '' }), { WX_TOKEN: 'is required' })
})

void t.test('.env is read, and the environment wins over it', async (t) => {
  const config = load(
    { INTERNAL_PORT: '4001' },
    { '.env': 'PUBLIC_PORT=4000\nINTERNAL_PORT=1\nLOG_LEVEL="warn" # quiet\n' },
  )
  t.equal(config.publicListener.port, 4000)
  t.equal(config.internalListener.port, 4001)
  t.equal(config.logLevel, 'warn')
})

void t.test('a .env that cannot be read is a problem', async (t) => {
  const readFile = () => {
    throw Object.assign(new Error('denied'), { code: 'EACCES' })
  }
  t.throws(() => loadConfig({ env: COMPLETE, readFile }), {
    message: /^the configuration has 1 problem\n {2}\.env: cannot be read$/,
  })
})

void t.test('DEDUPE_SECONDS follows PUSH_MAX_SKEW_SECONDS unless it is set', async (t) => {
  t.equal(load({ PUSH_MAX_SKEW_SECONDS: '1800' }).dedupeSeconds, 3600)
  t.equal(load({ PUSH_MAX_SKEW_SECONDS: '7200' }).dedupeSeconds, 14_400)
  t.equal(load({ PUSH_MAX_SKEW_SECONDS: '7200', DEDUPE_SECONDS: '14400' }).dedupeSeconds, 14_400)
  t.match(problemsOf({ PUSH_MAX_SKEW_SECONDS: '7200', DEDUPE_SECONDS: '14399' }), { DEDUPE_SECONDS: /2 x/ })
})

void t.test('a skew of any size is accepted, and its milliseconds stay whole numbers in Redis', async (t) => {
  const config = load({ PUSH_MAX_SKEW_SECONDS: '9'.repeat(30) })
  t.ok(config.pushMaxSkewSeconds > 2 * 1_800_000_000, 'reaches further back than any CreateTime')
  t.ok(config.dedupeSeconds >= 2 * config.pushMaxSkewSeconds)
  t.ok(config.dedupeSeconds * 1000 < 1e14)
})

void t.test('networks and URLs are answered in canonical form', async (t) => {
  const config = load({
    TRUST_PROXY: '10.0.0.1, FD00::/8,',
    PUBLIC_BASE_URL: 'https://GW.example.com:443/wx/',
    AUTH_REDIRECT_ORIGINS: 'https://App.example.com/',
  })
  t.strictSame(config.publicListener.trustProxy, ['10.0.0.1/32', 'fd00::/8'])
  t.equal(config.publicListener.baseUrl, 'https://gw.example.com/wx')
  t.strictSame(config.authRedirectOrigins, ['https://app.example.com'])
})

void t.test('a caller key may contain =, and no two callers share one', async (t) => {
  const key = 'a='.repeat(16)
  t.equal(load({ API_KEYS: `ops=${key}` }).callers[0]?.key.reveal(), key)
  t.match(problemsOf({ API_KEYS: `a=${CALLER_KEY},b=${CALLER_KEY}` }), { 'API_KEYS entry 2': /same key/ })
})

void t.test('sealing keys may be left out only when that is allowed', async (t) => {
  t.strictSame(load({ SEALING_KEYS: undefined, ALLOW_UNSEALED: 'true' }).sealingKeys, [])
  t.match(problemsOf({ SEALING_KEYS: undefined, ALLOW_UNSEALED: 'false' }), { SEALING_KEYS: /required/ })
})

void t.test('the summary for the boot log holds no secret', async (t) => {
  const config = load({ REDIS_URL: 'rediss://user:hunter2@redis.internal:6380/1', WX_PREVIOUS_TOKEN: 'oldtoken' })
  const summary = JSON.stringify(configSummary(config))
  for (const secret of [
    'hunter2',
    'oldtoken',
    'pushtoken',
    'appsecret-of',
    AES_KEY,
    CALLER_KEY,
    Buffer.alloc(32, 7).toString('base64'),
  ]) {
    t.notOk(summary.includes(secret), secret)
  }
  t.match(configSummary(config), {
    redis: {
      nodes: ['redis.internal:6380'],
      database: 1,
      username: 'user',
      passwordConfigured: true,
      tls: { caConfigured: false },
    },
    platforms: [
      { id: 'open1', tokenConfigured: true, previousTokenConfigured: true, previousEncodingAesKeyConfigured: false },
    ],
    callers: [{ name: 'ops', keyConfigured: true, grants: 'all' }],
    sealingKeyIds: ['k1'],
  })
})
