// Owns: what the settings of Redis come to together, in each mode; a setting that a mode would ignore stops the start.
import { ConfigError, configSummary, loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { createAuthority } from '../../helpers/certificates.ts'
import { codeBlocks, projectText } from '../../helpers/docs.ts'
import { COMPLETE, filesOf } from './settings-for-tests.ts'

type Changes = Readonly<Record<string, string>>

const authority = createAuthority()
const client = authority.issue()
const FILES = {
  'ca.pem': authority.ca,
  'cert.pem': client.cert,
  'key.pem': client.key,
  'other.pem': authority.issue().key,
  'no.pem': 'x',
}
const SENTINEL = { REDIS_MODE: 'sentinel', REDIS_SENTINEL_NAME: 'm' }

function load(changes: Changes) {
  return loadConfig({ env: { ...COMPLETE, ...changes }, readFile: filesOf(FILES) })
}

function problemsOf(changes: Changes): Record<string, string> {
  try {
    load(changes)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.problems.map(({ setting, problem }) => [setting, problem]))
  }
  return {}
}

const MODES: Record<string, Changes> = { standalone: {}, cluster: { REDIS_MODE: 'cluster' }, sentinel: SENTINEL }

for (const [mode, settings] of Object.entries(MODES)) {
  void t.test(`in mode ${mode} every part of the URL and every file counts`, async (t) => {
    const { redis } = load({
      ...settings,
      REDIS_URL: 'rediss://us%40er:p%3Aw%2Fd@[::1]:7000',
      REDIS_TLS_CA_FILE: 'ca.pem',
      REDIS_TLS_CERT_FILE: 'cert.pem',
      REDIS_TLS_KEY_FILE: 'key.pem',
      REDIS_MIN_REPLICAS: '2',
    })
    t.match(redis, {
      mode,
      endpoints: [{ host: '::1', port: 7000 }],
      minReplicas: 2,
      tls: { ca: FILES['ca.pem'], cert: FILES['cert.pem'] },
    })
    t.equal(redis.tls?.key?.reveal(), client.key)
    t.equal(redis.login.username, 'us@er')
    t.equal(redis.login.password?.reveal(), 'p:w/d')
  })

  void t.test(`in mode ${mode} the port that the URL leaves out is the usual one`, async (t) => {
    t.equal(
      load({ ...settings, REDIS_URL: 'redis://host' }).redis.endpoints[0]?.port,
      mode === 'sentinel' ? 26_379 : 6379,
    )
  })
}

void t.test('the database is chosen by the URL where there are several', async (t) => {
  t.equal(load({ REDIS_URL: 'redis://h/3' }).redis.database, 3)
  t.equal(load({ ...SENTINEL, REDIS_URL: 'redis://h/3' }).redis.database, 3)
  t.match(problemsOf({ REDIS_MODE: 'cluster', REDIS_URL: 'redis://h/3' }), { REDIS_URL: /database/ })
})

void t.test("the sentinels' credentials are their own, or left to be those of the servers", async (t) => {
  const own = load({ ...SENTINEL, REDIS_SENTINEL_USERNAME: 'su', REDIS_SENTINEL_PASSWORD: 'sp' }).redis.sentinel
  t.equal(own?.login?.username, 'su')
  t.equal(own?.login?.password?.reveal(), 'sp')
  t.equal(load(SENTINEL).redis.sentinel?.login, undefined)
})

void t.test('several URLs may leave out what the first says, and must not contradict it', async (t) => {
  const { redis } = load({ REDIS_MODE: 'cluster', REDIS_URL: 'redis://u:p@a:1, redis://b:2, redis://u:p@c:3' })
  t.strictSame(redis.endpoints, [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
    { host: 'c', port: 3 },
  ])
  const contradictions = ['rediss://u:p@b', 'redis://u:other@b', 'redis://other:p@b', 'redis://:p@b']
  for (const second of contradictions) {
    t.match(
      problemsOf({ REDIS_MODE: 'cluster', REDIS_URL: `redis://u:p@a,${second}` }),
      { REDIS_URL: /entry 2 must/ },
      second,
    )
  }
  t.match(problemsOf({ ...SENTINEL, REDIS_URL: 'redis://a/1,redis://b/2' }), {
    REDIS_URL: /entry 2 must have the database/,
  })
})

const WRONG: ReadonlyArray<[what: string, changes: Changes, setting: string, problem: RegExp]> = [
  [
    'an option of the driver in the query',
    { REDIS_URL: 'redis://h?keyPrefix=x' },
    'REDIS_URL',
    /query; keyPrefix is not known/,
  ],
  [
    'several, one of them unprintable',
    { REDIS_URL: 'redis://h?db=1&%20=2&family=6' },
    'REDIS_URL',
    /query; db, family is not known/,
  ],
  ['a fragment', { REDIS_URL: 'redis://h#x' }, 'REDIS_URL', /fragment/],
  ['port 0', { REDIS_URL: 'redis://h:0' }, 'REDIS_URL', /port/],
  ['a user without a password', { REDIS_URL: 'redis://u@h' }, 'REDIS_URL', /user without a password/],
  ['an IPv6 address without brackets', { REDIS_URL: 'redis://::1:6379' }, 'REDIS_URL', /must/],
  ['two URLs in standalone mode', { REDIS_URL: 'redis://a,redis://b' }, 'REDIS_URL', /single/],
  ['a CA for plain TCP', { REDIS_TLS_CA_FILE: 'ca.pem' }, 'REDIS_TLS_CA_FILE', /no meaning: REDIS_URL is redis:/],
  ['a client certificate for plain TCP', { REDIS_TLS_CERT_FILE: 'cert.pem' }, 'REDIS_TLS_CERT_FILE', /no meaning/],
  [
    'a CA file that is not there',
    { REDIS_URL: 'rediss://h', REDIS_TLS_CA_FILE: 'gone.pem' },
    'REDIS_TLS_CA_FILE',
    /does not exist/,
  ],
  [
    'a CA file without a certificate',
    { REDIS_URL: 'rediss://h', REDIS_TLS_CA_FILE: 'no.pem' },
    'REDIS_TLS_CA_FILE',
    /no PEM cert/,
  ],
  [
    'a certificate without its key',
    { REDIS_URL: 'rediss://h', REDIS_TLS_CERT_FILE: 'cert.pem' },
    'REDIS_TLS_KEY_FILE',
    /required/,
  ],
  [
    'a key without its certificate',
    { REDIS_URL: 'rediss://h', REDIS_TLS_KEY_FILE: 'key.pem' },
    'REDIS_TLS_CERT_FILE',
    /required/,
  ],
  [
    'the key of another certificate',
    { REDIS_URL: 'rediss://h', REDIS_TLS_CERT_FILE: 'cert.pem', REDIS_TLS_KEY_FILE: 'other.pem' },
    'REDIS_TLS_KEY_FILE',
    /not the key/,
  ],
  ['sentinels without a name', { REDIS_MODE: 'sentinel' }, 'REDIS_SENTINEL_NAME', /required/],
  [
    'a name of sentinels without them',
    { REDIS_SENTINEL_NAME: 'm' },
    'REDIS_SENTINEL_NAME',
    /no meaning with REDIS_MODE=standalone/,
  ],
  [
    'a password of sentinels on a cluster',
    { REDIS_MODE: 'cluster', REDIS_SENTINEL_PASSWORD: 'p' },
    'REDIS_SENTINEL_PASSWORD',
    /no meaning with REDIS_MODE=cluster/,
  ],
  ['no number of replicas', { REDIS_MIN_REPLICAS: '-1' }, 'REDIS_MIN_REPLICAS', /whole number/],
  [
    'a user of sentinels without a password',
    { ...SENTINEL, REDIS_SENTINEL_USERNAME: 'u' },
    'REDIS_SENTINEL_PASSWORD',
    /required/,
  ],
]

for (const [what, changes, setting, problem] of WRONG) {
  void t.test(`refused by name: ${what}`, async (t) => {
    t.match(problemsOf(changes), { [setting]: problem })
  })
}

void t.test('the summary for the boot log says what is set and shows no secret', async (t) => {
  const config = load({
    ...SENTINEL,
    REDIS_URL: 'rediss://user:hunter2@[::1]:7000',
    REDIS_SENTINEL_PASSWORD: 'hunter3',
    REDIS_TLS_CA_FILE: 'ca.pem',
    REDIS_TLS_CERT_FILE: 'cert.pem',
    REDIS_TLS_KEY_FILE: 'key.pem',
  })
  const summary = configSummary(config)
  t.match(summary, {
    redis: { nodes: ['[::1]:7000'], sentinelName: 'm', sentinelPasswordConfigured: true, tls: { caConfigured: true } },
  })
  const text = JSON.stringify(summary)
  for (const secret of ['hunter2', 'hunter3', client.key.split('\n')[1] ?? '']) t.notOk(text.includes(secret))
})

void t.test('every block of settings in docs/redis.md is taken as it stands', async (t) => {
  const documented = {
    'redis-ca.pem': authority.ca,
    'redis-client.pem': client.cert,
    'redis-client-key.pem': client.key,
  }
  const files = Object.fromEntries(Object.entries(documented).map(([name, pem]) => [`/etc/wxgw/${name}`, pem]))
  const blocks = codeBlocks(projectText('docs/redis.md'), 'dotenv')
  const modes = new Set<string>()
  for (const block of blocks) {
    const lines = block
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    const { redis } = loadConfig({ env: { ...COMPLETE, ...Object.fromEntries(lines) }, readFile: filesOf(files) })
    modes.add(`${redis.mode}${redis.tls ? ' by TLS' : ''}`)
  }
  t.strictSame(modes, new Set(Object.keys(MODES).flatMap((mode) => [mode, `${mode} by TLS`])))
})
