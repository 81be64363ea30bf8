// Owns: what the settings of Redis come to together, in each mode; a setting that a mode would ignore stops the start.
import { configSummary, loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { createAuthority } from '../../helpers/certificates.ts'
import { codeBlocks, projectText } from '../../helpers/docs.ts'
import { COMPLETE, filesOf, problemsIn } from './settings-for-tests.ts'

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

const problemsOf = (changes: Changes) => problemsIn(() => load(changes))

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
    const found = load({ ...settings, REDIS_URL: 'redis://host' }).redis.endpoints[0]?.port
    t.equal(found, mode === 'sentinel' ? 26_379 : 6379)
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
    const found = problemsOf({ REDIS_MODE: 'cluster', REDIS_URL: `redis://u:p@a,${second}` })
    t.match(found, { REDIS_URL: /entry 2 must/ }, second)
  }
  t.match(problemsOf({ ...SENTINEL, REDIS_URL: 'redis://a/1,redis://b/2' }), {
    REDIS_URL: /entry 2 must have the database/,
  })
})

const TLS = { REDIS_URL: 'rediss://h' }
const CLUSTER = { REDIS_MODE: 'cluster' }
/** By the setting that is named. */
const WRONG: Record<string, ReadonlyArray<[changes: Changes, problem: RegExp]>> = {
  REDIS_URL: [
    [{ REDIS_URL: 'redis://h?keyPrefix=x' }, /query; keyPrefix is not known/],
    [{ REDIS_URL: 'redis://h?db=1&%20=2&family=6' }, /query; db, family is not known/],
    [{ REDIS_URL: 'redis://h#x' }, /fragment/],
    [{ REDIS_URL: 'redis://h:0' }, /port/],
    [{ REDIS_URL: 'redis://u@h' }, /user without a password/],
    [{ REDIS_URL: 'redis://::1:6379' }, /must/],
    [{ REDIS_URL: 'redis://a,redis://b' }, /single/],
  ],
  REDIS_TLS_CA_FILE: [
    [{ REDIS_TLS_CA_FILE: 'ca.pem' }, /no meaning: REDIS_URL is redis:/],
    [{ ...TLS, REDIS_TLS_CA_FILE: 'gone.pem' }, /does not exist/],
    [{ ...TLS, REDIS_TLS_CA_FILE: 'no.pem' }, /no PEM cert/],
  ],
  REDIS_TLS_CERT_FILE: [
    [{ REDIS_TLS_CERT_FILE: 'cert.pem' }, /no meaning/],
    [{ ...TLS, REDIS_TLS_KEY_FILE: 'key.pem' }, /required/],
  ],
  REDIS_TLS_KEY_FILE: [
    [{ ...TLS, REDIS_TLS_CERT_FILE: 'cert.pem' }, /required/],
    [{ ...TLS, REDIS_TLS_CERT_FILE: 'cert.pem', REDIS_TLS_KEY_FILE: 'other.pem' }, /not the key/],
  ],
  REDIS_SENTINEL_NAME: [
    [{ REDIS_MODE: 'sentinel' }, /required/],
    [{ REDIS_SENTINEL_NAME: 'm' }, /no meaning with REDIS_MODE=standalone/],
  ],
  REDIS_SENTINEL_PASSWORD: [
    [{ ...CLUSTER, REDIS_SENTINEL_PASSWORD: 'p' }, /no meaning with REDIS_MODE=cluster/],
    [{ ...SENTINEL, REDIS_SENTINEL_USERNAME: 'u' }, /required/],
  ],
  REDIS_MIN_REPLICAS: [[{ REDIS_MIN_REPLICAS: '-1' }, /whole number/]],
}

void t.test('what a mode would ignore, or cannot be, is refused by its name', async (t) => {
  for (const [setting, rows] of Object.entries(WRONG)) {
    for (const [changes, problem] of rows) t.match(problemsOf(changes), { [setting]: problem }, JSON.stringify(changes))
  }
})

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
