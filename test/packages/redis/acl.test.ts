// Owns: that the documented Redis users reach what is theirs and nothing else, by command and by key, as a real Redis
// judges it.
import {
  COMPONENT_EVENTS_QUEUE,
  deliveriesQueue,
  hashTag,
  platformKeys,
  queueKey,
  replicaProbeKey,
  scriptProbeKey,
  shardKeys,
  sinkQueue,
  sinkStream,
} from '@wxgw/redis'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { codeBlocks, PROJECT_ROOT, projectText, section, sources } from '../../helpers/docs.ts'
import { createUser, documentedUsers, usersOfRedis } from '../../helpers/redis-users.ts'
import { startRedis } from '../../helpers/redis-server.ts'
import { words } from '../../helpers/words.ts'
import { someSubscriptions } from './name-parts.ts'

const APP_ID = 'wx0000000000000001'

async function startServer(t: Test): Promise<Redis> {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = new Redis(server.url)
  t.teardown(() => admin.disconnect())
  return admin
}

/** `GET x, DEL x` */
function commands(text: string): string[] {
  return text.trim().split(/,\s+/)
}

/** Looking around, taking over, breaking, listening to others: nobody's. */
const FORBIDDEN = commands(`
  SCAN 0, RANDOMKEY, KEYS *, DBSIZE, FLUSHALL, FLUSHDB, SWAPDB 0 1, SAVE, BGSAVE, SHUTDOWN, FUNCTION LIST,
  FUNCTION LOAD x, FUNCTION FLUSH, FUNCTION DUMP, FUNCTION DELETE x, FCALL f 0, CLIENT TRACKING ON, CLIENT LIST,
  CLIENT KILL TYPE normal, CLIENT PAUSE 1, CLIENT NO-EVICT ON, SCRIPT FLUSH, SCRIPT KILL, CONFIG GET *,
  CONFIG SET maxmemory 1, ACL LIST, ACL SETUSER x, MONITOR, REPLICAOF NO ONE, PSYNC ? -1, FAILOVER, DEBUG SLEEP 1,
  MODULE LIST, LATENCY RESET, SLOWLOG GET, MEMORY STATS, PUBSUB CHANNELS *, PSUBSCRIBE *, BGREWRITEAOF,
  CLIENT UNBLOCK 1, CLUSTER GETKEYSINSLOT 1 1, CLUSTER FAILOVER, CLUSTER RESET, CLUSTER FORGET x,
  CLUSTER MEET h 1, CLUSTER SETSLOT 1 STABLE, CLUSTER FLUSHSLOTS, CLUSTER ADDSLOTS 1, CLUSTER DELSLOTS 1,
  CLUSTER REPLICATE x, CLUSTER SAVECONFIG, CLUSTER BUMPEPOCH
`)
/** Of one server: the nodes of a cluster say it to drivers. */
const FORBIDDEN_ON_ONE_SERVER = ['COMMAND LIST', 'CLUSTER NODES', 'CLUSTER SLOTS', 'CLUSTER INFO', 'READONLY']
/** With the user's own key in place of KEY: around the type of what stands there, or out of the server. */
const FORBIDDEN_ON_OWN = [
  ...['DUMP KEY', 'OBJECT ENCODING KEY', 'MEMORY USAGE KEY', 'SORT KEY', 'MIGRATE h 1 KEY 0 1', 'RESTORE KEY 0 x'],
  'COPY KEY KEY',
]
const CHANNELS: Record<string, string[]> = { gateway: ['SUBSCRIBE wx:{open10}:replies:x', 'PUBLISH other x'] }
const NO_CHANNELS = ['SUBSCRIBE wx:{open1}:replies:x', 'PUBLISH x y', 'SPUBLISH x y']
const WRITES: Record<string, string[]> = {
  'token-reader': ['SET KEY x', 'DEL KEY', 'EXPIRE KEY 1', 'EVAL x 1 KEY', 'GETDEL KEY'],
  'crm-stream': ['XADD KEY * a b', 'DEL KEY', 'XDEL KEY 1', 'XGROUP DESTROY KEY g', 'EVAL x 1 KEY'],
}

const OWN_KEYS: Record<string, string> = {
  gateway: 'wx:{open1}:ticket',
  'token-reader': `wx:{open1}:access_token:${APP_ID}`,
  'crm-queue': 'bull:{wx-queue.open1.crm}:wait',
  'crm-stream': 'wx:{stream.open1.crm}',
}

void t.test('no documented user may look around, and only the gateway uses channels', async (t) => {
  const admin = await startServer(t)
  const names = documentedUsers().map(({ name }) => name)
  t.strictSame(new Set(names), new Set(Object.keys(OWN_KEYS)), 'every line of every page is known here')
  for (const form of ['one server', 'cluster'] as const) {
    for (const user of documentedUsers(form)) {
      await createUser(admin, user)
      const own = OWN_KEYS[user.name] ?? ''
      const onOwn = [...FORBIDDEN_ON_OWN, ...(WRITES[user.name] ?? [])].map((command) => command.replaceAll('KEY', own))
      const onOneServer = form === 'one server' ? FORBIDDEN_ON_ONE_SERVER : []
      const commands = [...FORBIDDEN, ...onOneServer, ...onOwn, ...(CHANNELS[user.name] ?? NO_CHANNELS)]
      t.same(await allowedOf(admin, user.name, commands), [], `${user.name} of ${form}`)
    }
  }
})

void t.test('after the ACL lines of SECURITY.md their administrator alone can change users', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const client = (username?: string) => {
    const redis = new Redis(server.url, {
      ...(username ? { username, password: 'PASSWORD' } : {}),
      enableReadyCheck: false,
      retryStrategy: null,
    })
    t.teardown(() => redis.disconnect())
    // Who may not log in is told so by the first command.
    redis.on('error', () => undefined)
    return redis
  }
  const prompt = client()
  const [block = ''] = codeBlocks(section(projectText('SECURITY.md'), '### Redis'), '')
  for (const line of block.trim().split('\n')) {
    const [command = '', ...rest] = line.split(' ')
    t.equal(await prompt.call(command, ...rest), 'OK', line.slice(0, 30))
  }
  t.equal(await client('admin').call('ACL', 'DELUSER', 'nobody'), 0)
  await t.rejects(client('gateway').call('ACL', 'DELUSER', 'nobody'), /NOPERM/)
  await t.rejects(client().call('ACL', 'DELUSER', 'nobody'))
})

/** What Redis itself needs users for, and what of that must not reach further. */
const BEYOND_REDIS_OWN: Record<string, string[]> = {
  replica: ['SUBSCRIBE __sentinel__:hello', 'PUBLISH __sentinel__:hello x', 'REPLICAOF NO ONE', 'INFO', 'ROLE'],
  sentinel: ['CONFIG GET *', 'CONFIG SET maxmemory 1', 'PUBLISH x y', 'SUBSCRIBE wx:{open1}:replies:x', 'PSYNC ? -1'],
  'sentinel-client': [
    'PUBLISH __sentinel__:hello x',
    'PUBLISH +switch-master x',
    'SUBSCRIBE __sentinel__:hello',
    'PSUBSCRIBE *',
  ],
  'sentinel-peer': ['SUBSCRIBE __sentinel__:hello', 'PUBLISH +switch-master x', 'INFO', 'ROLE'],
}
const NOBODYS_OF_REDIS = commands(`
  GET x, SET x y, DEL x, EVAL x 1 x, EVAL x 0, SCAN 0, KEYS *, DUMP x, MIGRATE h 1 x 0 1, FLUSHALL, ACL LIST,
  ACL SETUSER x, DEBUG SLEEP 1, MONITOR, SHUTDOWN, MODULE LIST, FUNCTION LIST, CLUSTER RESET
`)

void t.test('the users of replicas and sentinels reach no key and no setting', async (t) => {
  const admin = await startServer(t)
  const found = new Set(usersOfRedis().map(({ name }) => name))
  t.strictSame(found, new Set(Object.keys(BEYOND_REDIS_OWN)), 'every line is known here')
  for (const user of usersOfRedis()) {
    // A server does not know what only sentinels understand.
    await createUser(admin, { ...user, rules: user.rules.filter((rule) => !rule.startsWith('+sentinel|')) })
    const shown = await allowedOf(admin, user.name, [...NOBODYS_OF_REDIS, ...(BEYOND_REDIS_OWN[user.name] ?? [])])
    t.same(shown, [], user.name)
  }
})

async function allowedOf(admin: Redis, user: string, commands: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(commands.map((command) => admin.call('ACL', 'DRYRUN', user, ...command.split(' '))))
  return commands.filter((_, index) => !String(answers[index]).includes('no permissions'))
}

/** What each user calls to look whether a key is open to it. */
const LOOK: Record<string, string> = {
  gateway: 'GET',
  'token-reader': 'GET',
  'crm-queue': 'HGETALL',
  'crm-stream': 'XLEN',
}

function keysOf(platform: string, subscription: string): Record<string, string[]> {
  const keys = platformKeys(platform)
  const [queue, stream] = [sinkQueue(platform, subscription), sinkStream(platform, subscription)]
  const deliveries = deliveriesQueue(platform, subscription)
  const ofQueue = (name: string) => ['wait', 'meta', 'ev_a', 'ev_a:lock', 'de:ev_a'].map((what) => queueKey(name, what))
  return {
    tokens: [keys.accessToken(APP_ID), keys.componentAccessToken],
    platform: [keys.ticket, keys.authorizer(APP_ID), keys.subscriptions],
    shards: [0, 1, 63]
      .map((index) => shardKeys(platform, index))
      .flatMap(({ event, events }) => [event('ev_a'), events]),
    deliveries: ofQueue(deliveries),
    queue: ofQueue(queue),
    probes: [queue, stream, deliveries].flatMap((name) => [scriptProbeKey(hashTag(name), 'a'), replicaProbeKey(name)]),
    stream: [stream],
  }
}

/** The kinds of keys above that are the user's, of its own platform or of its own subscription. */
const THEIRS: Record<string, { of: 'platform' | 'subscription'; kinds: readonly string[] }> = {
  gateway: { of: 'platform', kinds: ['tokens', 'platform', 'shards', 'deliveries', 'queue', 'probes', 'stream'] },
  'token-reader': { of: 'platform', kinds: ['tokens'] },
  'crm-queue': { of: 'subscription', kinds: ['queue'] },
  'crm-stream': { of: 'subscription', kinds: ['stream'] },
}

/** Some of those that could be mistaken for one another. */
const NEAR = words`
  open1/crm open/crm-x open-crm/x open10/crm open/1 open1-crm/x open1/crm2 open1/crm-x crm/open1 3/crm
`.map((pair) => pair.split('/') as [platform: string, subscription: string])

void t.test('the patterns of one platform or subscription match no key of another', async (t) => {
  const admin = await startServer(t)
  const others = [...NEAR, ...someSubscriptions().filter((_, index) => index % 29 === 0)]
  const mistakes: string[] = []
  let asked = 0
  for (const [platform, subscription] of NEAR.slice(0, 3)) {
    for (const user of documentedUsers()) {
      await createUser(admin, user, { platform, subscription, as: 'one' })
      const { of, kinds } = THEIRS[user.name] ?? { of: 'subscription', kinds: [] }
      const questions = others.flatMap(([otherPlatform, otherSubscription]) => {
        const isTheirs = platform === otherPlatform && (of === 'platform' || subscription === otherSubscription)
        const all = Object.entries(keysOf(otherPlatform, otherSubscription))
        return all.flatMap(([kind, keys]) => keys.map((key) => ({ key, isTheirs: isTheirs && kinds.includes(kind) })))
      })
      const pipeline = admin.pipeline()
      for (const { key } of questions) pipeline.call('ACL', 'DRYRUN', 'one', LOOK[user.name] ?? '', key)
      const answers = (await pipeline.exec()) ?? []
      asked += answers.length
      for (const [index, { key, isTheirs }] of questions.entries()) {
        const isOpen = answers[index]?.[1] === 'OK'
        const found = `${user.name} of (${platform}, ${subscription}): ${key} is ${isOpen ? 'open' : 'closed'}`
        if (isOpen !== isTheirs) mistakes.push(found)
      }
      if (user.name !== 'gateway') {
        const key = queueKey(COMPONENT_EVENTS_QUEUE, 'wait')
        const answer = await admin.call('ACL', 'DRYRUN', 'one', LOOK[user.name] ?? '', key)
        t.match(answer, /no permissions/, `${user.name}: queues of the gateway`)
      }
    }
  }
  t.same(mistakes.slice(0, 10), [])
  t.ok(asked > 5_000, `${asked} keys were tried`)
})

/** Commands that the Lua of these files calls. */
function commandsOf(texts: readonly string[]): Set<string> {
  const calls = texts.flatMap((text) => [...text.matchAll(/\b(?:call|pcall|rcall)\(\s*['"]([A-Za-z]+)['"]/g)])
  return new Set(calls.map(([, name = '']) => name.toLowerCase()))
}

/** Names of Redis' commands that are names of other methods, too. */
const OTHER_METHODS = [
  ...['keys', 'sort', 'append', 'copy', 'move', 'object', 'monitor'],
  ...['dump', 'watch', 'sync', 'auth', 'command', 'config', 'debug', 'reset'],
]

/** Methods that are called in these files and have the name of a command. */
function methodsOf(texts: readonly string[], commands: unknown): string[] {
  const known = new Set(Array.isArray(commands) ? commands.map(String) : [])
  const called = texts.flatMap((text) => [...text.matchAll(/\.([a-z]+)\(/g)].map(([, name = '']) => name))
  return [...new Set(called)].filter((name) => known.has(name) && !OTHER_METHODS.includes(name))
}

void t.test('users of queues may call what the scripts of BullMQ call, the gateway what its own do, too', async (t) => {
  const ofPackage = createRequire(join(PROJECT_ROOT, 'packages/redis/package.json'))
  const scripts = join(dirname(ofPackage.resolve('bullmq')), 'scripts')
  // Its relay is another product within the package.
  const files = readdirSync(scripts).filter((name) => name.endsWith('.js') && !name.startsWith('relay'))
  const ofBullMq = commandsOf(files.map((name) => readFileSync(join(scripts, name), 'utf8')))
  // Asked of sentinels and of nodes by whoever finds out why there is no connection.
  const ofDiagnosis = ['cluster', 'sentinel']
  const texts = sources()
    .filter((path) => /^packages\/(redis|platform)\//.test(path))
    .map(projectText)
  const known = await (await startServer(t)).call('COMMAND', 'LIST')
  const ours = new Set([...commandsOf(texts), ...methodsOf(texts, known)])
  t.ok(ofBullMq.size > 40 && ours.has('hmget') && ours.has('getdel'))
  const wanted: Record<string, string[]> = { gateway: [...ofBullMq, ...ours], 'crm-queue': [...ofBullMq] }
  for (const { name, rules } of documentedUsers()) {
    const missing = wanted[name]?.filter((command) => !rules.includes(`+${command}`) && !ofDiagnosis.includes(command))
    t.same(missing ?? [], [], name)
  }
})
