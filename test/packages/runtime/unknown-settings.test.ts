// Owns: that a setting whose name is wrong is named in a warning, and that what other software sets is not.
import { ConfigError, createLogger, loadConfig, logConfig } from '@wxgw/runtime'
import t from 'tap'
import { CALLER_KEY, AES_KEY, COMPLETE, filesOf } from './settings-for-tests.ts'

type Texts = Readonly<Record<string, string>>

function warningsOf(env: Texts, files: Texts = {}): Record<string, string> {
  const { warnings } = loadConfig({ env: { ...COMPLETE, ...env }, readFile: filesOf(files) })
  return Object.fromEntries(warnings.map(({ setting, problem }) => [setting, problem]))
}

void t.test('a misspelt name is named with the one that was meant, and without its value', async (t) => {
  const table: Record<string, string> = {
    REDIS_MODEE: 'REDIS_MODE',
    REDSI_URL: 'REDIS_URL',
    REDIS_SENTINELNAME: 'REDIS_SENTINEL_NAME',
    WX_API_TIMEOUT: 'WX_API_TIMEOUT_MS',
    WX_APPID: 'WX_COMPONENT_APPID',
    WX_MP_BASE_UR: 'WX_MP_BASE_URL',
    PUBLIC_PROT: 'PUBLIC_PORT',
    PUBLIC_BASEURL: 'PUBLIC_BASE_URL',
    SPOOL_DIRR: 'SPOOL_DIR',
    LOGLEVEL: 'LOG_LEVEL',
    log_level: 'LOG_LEVEL',
    'redis.url': 'REDIS_URL',
    '\uFEFFREDIS_URL': 'REDIS_URL',
    API_KEY: 'API_KEYS',
    SEALING_KEY: 'SEALING_KEYS',
    TRUSTED_PROXY: 'TRUST_PROXY',
    REFRESH_MARGIN: 'REFRESH_MARGIN_SECONDS',
    PUSH_SKEW_SECONDS: 'PUSH_MAX_SKEW_SECONDS',
    DEDUPE_SECS: 'DEDUPE_SECONDS',
    WEBHOOK_ALLOW_NETWORK: 'WEBHOOK_ALLOW_NETWORKS',
    CONFIGFILE: 'CONFIG_FILE',
  }
  for (const [name, meant] of Object.entries(table)) {
    const warnings = warningsOf({ [name]: 'leak' })
    t.strictSame(Object.values(warnings), [`is not known and has no effect; did you mean ${meant}?`], name)
    t.strictSame(Object.keys(warnings), [name.replace('\uFEFF', '\\u{feff}')], name)
  }
})

void t.test('a name that begins as ours do is named also when none of ours is near', async (t) => {
  const names = ['REDIS_PASSWORD', 'REDIS_PORT', 'WX_PROXY', 'INGRESS_THREADS', 'EVENT_LOG_MAX_BYTES', 'API_TIMEOUT']
  for (const name of names) {
    t.match(warningsOf({ [name]: '6379' }), { [name]: /^is not known and has no effect/ }, name)
  }
})

void t.test('what other software sets is not named', async (t) => {
  const others = {
    REDIS_PORT: 'tcp://10.0.0.1:6379',
    REDIS_PORT_6379_TCP: 'tcp://10.0.0.1:6379',
    REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
    REDIS_PORT_6379_TCP_PROTO: 'tcp',
    REDIS_SERVICE_HOST: '10.0.0.1',
    REDIS_SERVICE_PORT: '6379',
    REDIS_SERVICE_PORT_TCP_REDIS: '6379',
    REDIS_SENTINEL_SERVICE_HOST: '10.0.0.1',
    WX_GATEWAY_PORT: 'tcp://10.0.0.1:3000',
    REDIS_NAME: '/gateway/redis',
    REDIS_ENV_REDIS_VERSION: '8',
    PUBLIC_URL: '/app',
    FORCE_COLOR: '1',
    CONFIG_SITE: 'x',
    AUTH_TOKEN: 'x',
    PUSH_ATTEMPTS: '3',
    REFRESH_TOKEN_ROTATION: 'strict',
    BASE_URL: 'x',
    RUST_LOG_LEVEL: 'x',
    npm_config_loglevel: 'warn',
    npm_lifecycle_event: 'start',
    NODE_ENV: 'production',
    NODE_OPTIONS: '',
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    HOME: '/root',
    PATH: '/bin',
    LANG: 'C.UTF-8',
    REDIS_MODEE: '',
  }
  t.strictSame(warningsOf(others), {})
})

void t.test('a name that CONFIG_FILE asks for is known; one in .env is looked at, too', async (t) => {
  const secret = '${WX_TWO_SECRET}'
  const platform = `{id: two, componentAppid: wx${'a'.repeat(16)}, componentAppsecret: '${secret}', token: t, encodingAesKey: ${AES_KEY}}`
  const files = { 'gateway.yaml': `platforms: [${platform}]\n`, '.env': 'WX_TWO_SECRET=s\nREDIS_MODEE=cluster\n' }
  t.strictSame(Object.keys(warningsOf({ CONFIG_FILE: 'gateway.yaml' }, files)), ['REDIS_MODEE'])
})

void t.test('a start that is refused says what was misspelt', async (t) => {
  const { API_KEYS: _, ...env } = COMPLETE
  t.throws(() => loadConfig({ env: { ...env, API_KEY: `ops=${CALLER_KEY}` }, readFile: filesOf({}) }), {
    constructor: ConfigError,
    message: /\n {2}API_KEYS: is required.*\nand 1 warning\n {2}API_KEY: .*did you mean API_KEYS\?$/,
  })
})

void t.test('the log of the start has the warnings in a line of its own, without values', async (t) => {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line), flush: () => {}, droppedLines: () => 0 }
  const config = loadConfig({ env: { ...COMPLETE, REDIS_MODEE: 'leak' }, readFile: filesOf({}) })
  logConfig(config, createLogger({ level: 'info', name: 'test', sink }))
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      { msg: 'process.starting', warnings: undefined },
      {
        level: 40,
        msg: 'process.settings-doubtful',
        warnings: [{ setting: 'REDIS_MODEE', problem: /did you mean REDIS_MODE\?/ }],
      },
    ],
  )
  t.notMatch(lines.join(), /leak/)
})
