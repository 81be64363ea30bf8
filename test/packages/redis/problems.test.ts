// Owns: that each way in which Redis cannot be used is named as what it is, with what to do, in the log and to readiness.
import type { RedisSettings } from '@wxgw/contracts'
import { connectRedis, createProblemWatch } from '@wxgw/redis'
import { Secret } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { createAuthority } from '../../helpers/certificates.ts'
import { freePort } from '../../helpers/free-port.ts'
import { SENTINEL_NAME, startSentinels } from '../../helpers/redis-forms.ts'
import { type RedisServer, type RedisServerOptions, startRedis } from '../../helpers/redis-server.ts'
import { standaloneSettings } from '../../helpers/redis-settings.ts'
import { until } from '../../helpers/until.ts'
import { collectLog } from './queues-fixture.ts'

type Server = { args?: string[]; options?: RedisServerOptions }
type Row = [server: Server | undefined, settings: Partial<RedisSettings>, says: RegExp]

const authority = createAuthority()
const ownTls = { ca: authority.ca, cert: undefined, key: undefined }
const tlsServer = (clients: 'any' | 'with a certificate') => ({
  options: { tls: { ca: authority.ca, ...authority.issue(), clients } },
})
const user = (rights: string) => ({ args: ['--user', 'limited', 'on', '>secret-word', ...rights.split(' ')] })
const limited = { username: 'limited', password: new Secret('secret-word') }
const cluster = (args: string[] = []) => ({ args: ['--cluster-enabled', 'yes', ...args] })
const sentinel = { name: SENTINEL_NAME, login: undefined }

const PLAIN = {}
const locked = { args: ['--requirepass', 'right'] }
const unknownCa = { tls: { ...ownTls, ca: undefined } }
const wrongLogin = { username: undefined, password: new Secret('secret-word') }
const unassigned = cluster(['--cluster-announce-ip', '127.0.0.1'])
const withoutInfo = cluster(user('~* &* +@all -cluster|info').args)
const replica = { args: ['--replicaof', '127.0.0.1', '1'] }

const ROWS: Record<string, Row> = {
  'a wrong password': [
    locked,
    { login: wrongLogin },
    /refuses the user name or the password: correct them in REDIS_URL/,
  ],
  'no password': [locked, {}, /wants a password/],
  'a missing right': [
    user('~* &* +@all -set'),
    { login: limited },
    /user of REDIS_URL has no right to the command set/,
  ],
  'a key that the user may not write': [user('~other:* &* +@all'), { login: limited }, /no right to a key, a channel/],
  'nothing that listens': [undefined, {}, /nothing listens at this address/],
  'a plain server by TLS': [PLAIN, { tls: ownTls }, /does not speak TLS: use redis:/],
  'a TLS server by plain TCP': [tlsServer('any'), {}, /speaks TLS: use rediss:/],
  'an unknown CA': [tlsServer('any'), unknownCa, /CA that is not known here: name the CA in REDIS_TLS_CA_FILE/],
  'a missing client certificate': [tlsServer('with a certificate'), { tls: ownTls }, /wants a client certificate/],
  'standalone mode at a node of a cluster': [cluster(), {}, /node of a Redis Cluster: set REDIS_MODE=cluster/],
  'cluster mode at a plain server': [PLAIN, { mode: 'cluster' }, /no node of a Redis Cluster: set REDIS_MODE=st/],
  'slots without a master': [unassigned, { mode: 'cluster' }, /16384 slots of the cluster have no master/],
  'a forbidden ready check of a cluster': [
    withoutInfo,
    { mode: 'cluster', login: limited },
    /no right to the command cluster\|info/,
  ],
  'sentinel mode at a plain server': [PLAIN, { mode: 'sentinel', sentinel }, /this is no sentinel/],
  'standalone mode at a sentinel': [{ options: { sentinel: [] } }, {}, /this is a sentinel: set REDIS_MODE=sentinel/],
  'a replica': [replica, {}, /is a replica/],
}

for (const [what, [wanted, settings, says]] of Object.entries(ROWS)) {
  void t.test(`${what} is named in the log and to readiness`, async (t) => {
    const server = wanted ? await startRedis(wanted.args ?? [], wanted.options ?? {}) : await nobody()
    t.teardown(() => server.stop())
    await expectNamed(t, { ...standaloneSettings(`redis://127.0.0.1:${server.port}`), ...settings }, says)
  })
}

void t.test('at the sentinels', async (t) => {
  const sentinelLines = [
    'user limited on >secret-word +sentinel|get-master-addr-by-name',
    'user nobody on >secret-word',
  ]
  const form = await startSentinels({ sentinels: 1, password: 'right', sentinelPassword: 'theirs', sentinelLines })
  t.teardown(() => form.stop())
  const [endpoint] = (form.env['REDIS_URL'] ?? '')
    .split(',')
    .map((url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) }))
  if (!endpoint) throw new Error('no sentinel')
  const theirs = { username: undefined, password: new Secret('theirs') }
  const right: RedisSettings = {
    ...standaloneSettings('redis://127.0.0.1'),
    mode: 'sentinel',
    endpoints: [endpoint],
    login: { username: undefined, password: new Secret('right') },
    sentinel: { name: SENTINEL_NAME, login: theirs },
  }
  const nobodys = { ...limited, username: 'nobody' }
  const refused = /refuses the user name or the password/
  const rows: Record<string, [changes: Partial<RedisSettings>, says: RegExp]> = {
    'a wrong name of the master': [
      { sentinel: { name: 'another', login: theirs } },
      /knows no master of the name in REDIS_SENTINEL_NAME/,
    ],
    'a wrong password': [
      { sentinel: { name: SENTINEL_NAME, login: wrongLogin } },
      /the sentinel refuses the password: set REDIS_SENTINEL_PAS/,
    ],
    'a user that may not ask': [{ sentinel: { name: SENTINEL_NAME, login: nobodys } }, /does not let its user ask/],
    'a wrong password of the master': [{ login: wrongLogin }, refused],
    'that, by a user that may ask little': [
      { login: wrongLogin, sentinel: { name: SENTINEL_NAME, login: limited } },
      refused,
    ],
  }
  for (const [what, [changes, says]] of Object.entries(rows))
    await t.test(`${what} is named`, (t) => expectNamed(t, { ...right, ...changes }, says))
})

/** As the gateway does: a connection whose errors are logged, and a write of the readiness check. */
async function expectNamed(t: Test, settings: RedisSettings, says: RegExp): Promise<void> {
  const log = collectLog()
  const problems = createProblemWatch({ settings, log })
  const connection = connectRedis(settings, 'commands', (error) => problems.onError('commands', error))
  t.teardown(() => connection.disconnect())
  const reason = await until(
    'readiness names it',
    async () => {
      const said = await connection.set('wx:{health}:probe', '1').then(
        () => 'it was written',
        (error: unknown) => problems.explain(error),
      )
      return says.test(said) ? said : undefined
    },
    { timeoutMs: 8_000, everyMs: 200 },
  )
  t.match(reason, says)
  const logged = JSON.stringify(log.lines)
  t.notOk(`${logged}${reason}`.includes('secret-word'), 'no secret is shown')
  // A connection that is well says nothing: there only the command fails.
  for (const { message, fields } of log.lines)
    t.match({ message, reason: fields['reason'] }, { message: 'redis.failed', reason: String })
}

async function nobody(): Promise<Pick<RedisServer, 'port' | 'stop'>> {
  return { port: await freePort(), stop: async () => undefined }
}
