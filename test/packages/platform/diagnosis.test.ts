// The checks of a diagnosis over a real Redis: each finds what it is for, says what to do, and waits for no other.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import {
  createDiagnosis,
  diagnose,
  type Diagnosis,
  type DiagnosisCheck,
  type Platform,
  type ReadinessCheck,
} from '@wxgw/platform'
import { connectRedis, createConsoleRecords, createWorkerRegistry, type RedisConnection, versionGap } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'
import { systemClock } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { createUser, documentedUsers, loginOf } from '../../helpers/redis-users.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { words } from '../../helpers/words.ts'
import { appIdOf, startAuthority, type TokenAuthority } from './token-fixture.ts'

type Changed = {
  env?: Record<string, string>
  redis?: RedisConnection
  platforms?: ReadonlyMap<string, Platform>
  readiness?: ReadinessCheck[]
}

/** By id, of a process of its own. */
async function find(
  authority: TokenAuthority,
  { env = {}, redis, platforms, readiness = [] }: Changed = {},
): Promise<Map<string, Diagnosis>> {
  const config = loadConfig({ env: { ...authority.env, ...env } })
  const [commands] = authority.connections
  if (!commands) throw new Error('a process has a connection')
  const checks = createDiagnosis({
    config,
    redis: redis ?? commands,
    readiness,
    platforms: platforms ?? new Map([['open1', authority.platforms[0]]]),
    clock: systemClock,
  })
  return new Map((await diagnose(checks)).map((one) => [one.id, one]))
}

/** Of which others are composed; those about tickets have a check of their own. */
const IS_PART =
  /^(?:Redis cannot be reached or takes no writes: 7|the master 7 has 7 replicas|7, and REDIS_MIN_REPLICAS .*|a master cannot be reached|the ACL user of REDIS_URL|the sentinel does not let .*|7: 7|not ready)$|ticket|E?TIMEDOUT|timed? ?out/i

/** Sentences of a source file, with a number where one is put in. */
async function reasonsIn(path: string): Promise<string[]> {
  const source = await readFile(new URL(path, import.meta.url), 'utf8')
  const texts = source.replaceAll(/^ *(?:\/\/|\*|\/\*).*$/gm, '').matchAll(/'((?:[^'\\\n]|\\.)*)'|`([^`]*)`/g)
  const whole = [...texts].map(([, plain, composed]) => (plain ?? composed ?? '').replaceAll(/\$\{[^}]+\}/g, '7'))
  return whole.filter((text) => /^[a-zA-Z0-9 ,.:;?'()=_-]{12,}$/.test(text) && / /.test(text) && !IS_PART.test(text))
}

function ofWrites(reason: string): string {
  return `Redis cannot be reached or takes no writes: ${reason}`
}

async function connectAs(t: Test, authority: TokenAuthority, url: string): Promise<RedisConnection> {
  const { redis: settings } = loadConfig({ env: { ...authority.env, REDIS_URL: url } })
  const connection = connectRedis(settings, 'commands', () => {})
  t.teardown(() => connection.disconnect())
  await once(connection, 'ready')
  return connection
}

void t.test('a diagnosis', async (suite) => {
  const authority = await startAuthority()
  suite.teardown(() => authority.stop())
  const {
    redis,
    server,
    simulator,
    platforms: [platform],
  } = authority

  await suite.test('a check that hangs or throws is one warning, and hides no other', async (t) => {
    const check = (id: string, run: DiagnosisCheck['find']): DiagnosisCheck => ({
      id,
      platform: null,
      title: { zh: id, en: id },
      find: run,
    })
    const elapsedMs = startStopwatch()
    const found = await diagnose([
      check('hanging', () => new Promise(() => undefined)),
      check('throwing', async () => Promise.reject(new Error('canary'))),
      check('well', async () => ({ status: 'ok', what: { zh: '正常', en: 'ok' }, whatToDo: null })),
    ])
    t.ok(elapsedMs() < 6_000)
    t.same(
      found.map(({ id, status }) => [id, status]),
      [
        ['hanging', 'warning'],
        ['throwing', 'warning'],
        ['well', 'ok'],
      ],
    )
    t.notMatch(JSON.stringify(found), /canary/)
  })

  await suite.test('the one problem, no worker, says in both languages what to do', async (t) => {
    await platform.componentTokens.get()
    const found = await find(authority)
    const wrong = [...found.values()].filter(({ status }) => status !== 'ok')
    const shown = wrong.map(({ id, status }) => [id, status])
    t.same(shown, [['workers', 'problem']])
    t.match(wrong[0], {
      title: { zh: '工作进程' },
      what: { en: /no worker runs/ },
      whatToDo: { zh: /start:worker/, en: /start:worker/ },
    })
    await createWorkerRegistry(redis, 'one').beat()
    t.match((await find(authority)).get('workers'), { status: 'ok', what: { en: '1 worker runs' } })
  })

  await suite.test('each reason of a readiness check stands in Chinese, too', async (t) => {
    const reasons = [
      'the master 10.0.0.1:6379 has 0 replicas, and REDIS_MIN_REPLICAS is 1: pushes are refused until they are back',
      versionGap('bullmq', '9.9.9') ?? '',
      versionGap('ioredis', '9.9.9') ?? '',
      ...(await reasonsIn('../../../../packages/platform/src/readiness.ts')),
      ...(await reasonsIn('../../../../packages/platform/src/unsubscribed-events.ts')),
      ...(await reasonsIn('../../../../packages/redis/src/store-health.ts')),
      ...(await reasonsIn('../../../../packages/redis/src/problems/explain-error.ts')).map(ofWrites),
      ...(await reasonsIn('../../../../packages/redis/src/problems/diagnose.ts')).map(ofWrites),
    ]
    t.ok(reasons.length > 40, `${reasons.length} reasons`)
    const readiness = reasons.map((reason, index) => ({ name: `check-${index}`, check: async () => reason }))
    const found = await find(authority, { readiness })
    const shown = reasons.filter((_, index) => /\w+ \w+ \w+ \w+/.test(found.get(`check-${index}`)?.what.zh ?? ''))
    t.same(shown, [])
  })

  await suite.test('every right that the Redis user lacks is named, and nothing is executed', async (t) => {
    const [gateway] = documentedUsers().filter(({ name }) => name === 'gateway')
    if (!gateway) throw new Error('the user gateway is documented')
    await createUser(redis, gateway)
    const { username, password } = loginOf('gateway')
    const user = await connectAs(t, authority, server.url.replace('redis://', `redis://${username}:${password}@`))
    t.match((await find(authority, { redis: user })).get('redis-rights'), { status: 'ok' })

    await redis.call('ACL', 'SETUSER', 'gateway', '-getdel', '-zpopmin', '-script|load', 'resetchannels')
    t.match((await find(authority, { redis: user })).get('redis-rights'), {
      status: 'problem',
      what: { en: 'the Redis user has no right to +getdel +zpopmin +script|load &wx:{open1}:replies:x' },
    })
    await createUser(redis, {
      name: 'gateway',
      rules: ['+getdel', '+zpopmin', '+script|load', 'resetkeys', '~wx:{open1}:*'],
    })
    t.match((await find(authority, { redis: user })).get('redis-rights')?.what.en, /~wx:\{wx-console\}:audit/)

    const before = await redis.dbsize()
    const connection = words`ping hello select quit client|setname multi exec subscribe unsubscribe`
    await createUser(redis, {
      name: 'gateway',
      rules: ['~*', '&*', '-@all', ...connection.map((name) => `+${name}`), '+info', '+time'],
    })
    const named = (await find(authority, { redis: user })).get('redis-rights')?.what.en ?? ''
    const optional = ['info', 'wait', 'role', 'time', ...connection]
    const documented = gateway.rules.filter((rule) => rule.startsWith('+') && !optional.includes(rule.slice(1)))
    t.match(named, new RegExp(`\\(${documented.length}\\)$`), 'as many as are documented')
    t.equal(await redis.dbsize(), before)
  })

  await suite.test('memory near its limit is a warning, at the mark where pushes are refused a problem', async (t) => {
    const used = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1])
    for (const [share, status] of [
      [0.3, 'ok'],
      [0.67, 'warning'],
      [0.85, 'problem'],
    ] as const) {
      await redis.config('SET', 'maxmemory', String(Math.round(used / share)))
      t.match((await find(authority)).get('redis-memory'), { status })
    }
    await redis.config('SET', 'maxmemory', '0')
  })

  await suite.test('a sealing key in use but not configured is a problem, an older one a warning', async (t) => {
    const { SEALING_KEYS: first = '' } = authority.env
    const other = `k2:${randomBytes(32).toString('base64')}`
    const of = async (keys: string) =>
      (await find(authority, { env: { SEALING_KEYS: keys } })).get('sealing-keys-open1')
    await redis.hset('wx:{open1}:ticket', 'ticket', 'v1.k1.x')
    t.match(await of(first), { status: 'ok', what: { en: 'in use: k1; configured: k1' } })
    t.match(await of(`${other},${first}`), { status: 'warning', whatToDo: { en: /rotate-keys/ } })
    t.match(await of(other), { status: 'problem', whatToDo: { en: /Put k1 back/ } })
    t.notMatch(
      JSON.stringify([...(await find(authority)).values()]),
      new RegExp(first.slice(3)),
      'the ids and nothing of the keys',
    )
  })

  await suite.test('a ticket is a warning after an hour without a push, and a problem when it has ended', async (t) => {
    const of = async () => (await find(authority)).get('ticket-open1')
    for (const [minutes, status] of [
      [11, 'ok'],
      [61, 'warning'],
      [721, 'problem'],
    ] as const) {
      await redis.hset('wx:{open1}:ticket', 'receivedAtMs', String(Date.now() - minutes * 60_000))
      t.match(await of(), { status, what: { en: `the last one came ${minutes} min ago` } })
    }
    await redis.del('wx:{open1}:ticket')
    t.match(await of(), { status: 'problem', what: { zh: /还没有/ } })
  })

  await suite.test('an address that WeChat refuses is named, as a worker or a caller has met it last', async (t) => {
    const of = async () => (await find(authority)).get('wechat-address-open1')
    t.match(await of(), { status: 'ok' })
    await platform.schedule.pause('ip-not-allowed', '203.0.113.7')
    t.match(await of(), {
      status: 'problem',
      what: { en: /203\.0\.113\.7/ },
      whatToDo: { zh: /白名单/, en: /203\.0\.113\.7/ },
    })
    await platform.schedule.resume('ip-not-allowed')
    const { refusedCalls } = createConsoleRecords({ redis, onError: () => {} })
    const call = { platform: 'open1', caller: 'crm', path: '/x', status: 200, rid: null, durationMs: 1, requestId: 'r' }
    refusedCalls.note({ ...call, atMs: Date.now(), authorizer: appIdOf(1), errcode: 40164 })
    refusedCalls.note({ ...call, atMs: Date.now(), authorizer: appIdOf(1), errcode: 45009 })
    await refusedCalls.flush()
    t.match(await of(), { status: 'problem', what: { en: /errcode 40164/ } })
    t.match((await find(authority)).get('wechat-quota-open1'), {
      status: 'warning',
      what: { en: new RegExp(`${appIdOf(1)} /x`) },
    })
  })

  await suite.test('WeChat is reached when it answers anything, and not when it refuses or hangs', async (t) => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    t.teardown(() => silent.close())
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const of = async (url: string) => (await find(authority, { env: { WX_API_BASE_URL: url } })).get('wechat-reachable')
    const asked = simulator.calls.length
    t.match(await of(simulator.url), { status: 'ok' })
    t.equal(simulator.calls.length, asked, 'no API is called')
    t.match(await of('http://127.0.0.1:9'), { status: 'problem', what: { en: /ECONNREFUSED/ } })
    t.match(await of(`http://127.0.0.1:${port}`), { status: 'problem', what: { en: /timeout/ } })
  })

  await suite.test('refused pushes are counted by code, each with what to do', async (t) => {
    platform.statistics.refused('SIGNATURE_MISMATCH', '198.51.100.1')
    platform.statistics.refused('SIGNATURE_MISMATCH', '198.51.100.2')
    await platform.statistics.flush()
    t.match((await find(authority)).get('refused-pushes-open1'), {
      status: 'warning',
      what: { en: /SIGNATURE_MISMATCH × 2 \(198\.51\.100\.2\)/ },
      whatToDo: { en: /WX_TOKEN/, zh: /WX_TOKEN/ },
    })
  })

  await suite.test('while Redis is away, each check that needs it says so', async (t) => {
    redis.disconnect()
    await server.kill()
    const found = await find(authority)
    t.match(found.get('redis-version'), { status: 'warning', what: { en: 'cannot be checked while Redis is away' } })
    t.match(found.get('workers'), { status: 'warning' })
    t.match(found.get('wechat-reachable'), { status: 'ok' }, 'the others are made')
  })
})
