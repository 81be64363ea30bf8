// Owns: that a write counts only when replicas have it, and that no trap of WAIT makes one count that they do not have.
import type { RedisSettings } from '@wxgw/contracts'
import { connectRedis, createReplicaBarrier } from '@wxgw/redis'
import { Cluster, Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { type RedisForm, startCluster, untilReplicated } from '../../helpers/redis-forms.ts'
import { type RedisServer, startRedis } from '../../helpers/redis-server.ts'
import { standaloneSettings } from '../../helpers/redis-settings.ts'
import { until } from '../../helpers/until.ts'

const KEY = 'wx:{open1}:x'

async function startPair(t: Test) {
  const master = await startRedis()
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)])
  t.teardown(async () => {
    resume(replica)
    await Promise.all([master.stop(), replica.stop()])
  })
  const admin = new Redis(master.port)
  t.teardown(() => admin.disconnect())
  await untilReplicated(admin, 1)
  const { commands, barrier } = await open(t, standaloneSettings(master.url))
  return { master, replica, admin, commands, barrier }
}

async function open(t: Test, settings: RedisSettings) {
  const commands = connectRedis(settings, 'commands', () => undefined)
  await until('it is connected', () => commands.status === 'ready')
  const barrier = createReplicaBarrier({ settings, commands, minReplicas: 1, onError: () => undefined })
  t.teardown(() => {
    barrier.close()
    commands.disconnect()
  })
  return { commands, barrier }
}

function settingsOf({ servers }: RedisForm): RedisSettings {
  const endpoints = servers.map(({ port }) => ({ host: '127.0.0.1', port }))
  return { ...standaloneSettings('redis://127.0.0.1'), mode: 'cluster', endpoints }
}

function freeze(server: RedisServer): void {
  process.kill(server.pid(), 'SIGSTOP')
}

function resume(server: RedisServer): void {
  process.kill(server.pid(), 'SIGCONT')
}

const UNCONFIRMED = { code: 'STORE_UNAVAILABLE', retry: true }

void t.test('what a replica has counts', async (t) => {
  const { replica, commands, barrier } = await startPair(t)
  t.equal(await barrier.confirmed(KEY, () => commands.set(KEY, 'v')), 'OK')
  freeze(replica)
  const seen = new Redis(replica.port)
  t.teardown(() => seen.disconnect())
  resume(replica)
  t.equal(await seen.get(KEY), 'v')
})

void t.test('what no replica has in time does not count, though the master has it', async (t) => {
  const { replica, commands, barrier, admin } = await startPair(t)
  await barrier.confirmed(KEY, () => commands.set(KEY, 'v'))
  freeze(replica)
  await t.rejects(barrier.confirmed(KEY, () => commands.set(KEY, 'w')), UNCONFIRMED)
  t.equal(await admin.get(KEY), 'w')
  resume(replica)
  t.equal(await barrier.confirmed(KEY, () => commands.set(KEY, 'x')), 'OK', 'it counts again')
})

void t.test('without any replica nothing counts', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { commands, barrier } = await open(t, standaloneSettings(server.url))
  await t.rejects(barrier.confirmed(KEY, () => commands.set(KEY, 'v')), UNCONFIRMED)
})

void t.test('a write that fails says why, and nobody waits', async (t) => {
  const { commands, barrier } = await startPair(t)
  await commands.set(KEY, 'text')
  await t.rejects(barrier.confirmed(KEY, () => commands.incr(KEY)), /not an integer/)
})

void t.test('many writes at once share a few waits', async (t) => {
  const { commands, barrier, admin } = await startPair(t)
  await Promise.all(Array.from({ length: 200 }, (_, n) => barrier.confirmed(KEY, () => commands.set(KEY, n))))
  const waits = Number(/cmdstat_wait:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1])
  t.ok(waits > 0 && waits < 20, `${waits} waits`)
})

void t.test('a wait that would succeed after a reconnect does not count', async (t) => {
  const { replica, commands, barrier, admin } = await startPair(t)
  await barrier.confirmed(KEY, () => commands.set(KEY, 'v'))
  freeze(replica)
  const unconfirmed = t.rejects(barrier.confirmed(KEY, () => commands.set(KEY, 'w')), Error)
  const waiting = await until('it waits', async () => {
    const clients = String(await admin.call('CLIENT', 'LIST'))
    return /id=(\d+) [^\n]*flags=b[^\n]* cmd=wait/.exec(clients)?.[1]
  })
  await admin.call('CLIENT', 'KILL', 'ID', waiting)
  resume(replica)
  await unconfirmed
})

void t.test('a write whose connection was lost meanwhile does not count', async (t) => {
  const { commands, barrier, admin } = await startPair(t)
  await barrier.confirmed(KEY, () => commands.set(KEY, 'v'))
  const own = await commands.client('ID')
  await t.rejects(
    barrier.confirmed(KEY, async () => {
      await commands.set(KEY, 'w')
      await admin.call('CLIENT', 'KILL', 'ID', own)
      await until('the connection is another one', async () => (await commands.client('ID').catch(() => own)) !== own)
    }),
    UNCONFIRMED,
  )
})

void t.test('while the replicas are away one write at a time tries, the others are refused before they write', async (t) => {
  const { replica, commands, barrier, admin } = await startPair(t)
  await barrier.confirmed(KEY, () => commands.set(KEY, 'v'))
  freeze(replica)
  await t.rejects(barrier.confirmed(KEY, () => commands.set(KEY, 'w')), UNCONFIRMED)
  const writes = Array.from({ length: 100 }, () => barrier.confirmed(KEY, () => commands.incr('count')))
  for (const { status } of await Promise.allSettled(writes)) t.equal(status, 'rejected')
  t.equal(await admin.get('count'), '1')
  resume(replica)
  await Promise.all(Array.from({ length: 100 }, () => barrier.confirmed(KEY, () => commands.incr('count'))))
  t.equal(await admin.get('count'), '101', 'none of them is refused once the replicas are back')
})

void t.test('what a server answers is no outage: the next writes are tried', async (t) => {
  const { commands, barrier } = await startPair(t)
  await until('the replica answers in time', () => barrier.confirmed(KEY, () => commands.set(KEY, 'text')).catch(() => undefined))
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 5 }, () => barrier.confirmed(KEY, () => commands.incr(KEY))),
    ...Array.from({ length: 5 }, () => barrier.confirmed(KEY, () => commands.set(KEY, 'text'))),
  ])
  t.same(outcomes.map(({ status }) => status), [...Array.from({ length: 5 }, () => 'rejected'), ...Array.from({ length: 5 }, () => 'fulfilled')])
})

void t.test('a frozen master holds nobody longer than a push has, and counts again when it goes on', async (t) => {
  const { master, commands, barrier } = await startPair(t)
  await barrier.confirmed(KEY, () => commands.set(KEY, 'v'))
  freeze(master)
  t.teardown(() => resume(master))
  const writes = Array.from({ length: 100 }, () => barrier.confirmed(KEY, () => commands.set(KEY, 'w')))
  for (const { status } of await Promise.allSettled(writes)) t.equal(status, 'rejected')
  resume(master)
  await until('it counts again', () => barrier.confirmed(KEY, () => commands.set(KEY, 'x')).catch(() => undefined))
})

void t.test('in a cluster each write waits for the replicas of its own master', async (t) => {
  const form = await startCluster({ masters: 3, replicasEach: 1 })
  t.teardown(() => form.stop())
  const { commands, barrier } = await open(t, settingsOf(form))
  t.ok(commands instanceof Cluster)
  const keys = Array.from({ length: 20 }, (_, n) => `wx:{open${n}}:x`)
  const write = (key: string) => barrier.confirmed(key, () => commands.set(key, 'v')).then(() => true, () => false)
  t.same(new Set(await Promise.all(keys.map(write))), new Set([true]))
  const frozen = form.servers[3]
  if (!frozen) throw new Error('no replica')
  freeze(frozen)
  t.teardown(() => resume(frozen))
  const outcomes = await Promise.all(keys.map(write))
  t.ok(outcomes.includes(true) && outcomes.includes(false), 'only the keys of the one master do not count')
})

void t.test('a cluster whose connection to a master was lost is confirmed again, though nothing else is asked of that master', async (t) => {
  const form = await startCluster({ masters: 3, replicasEach: 1 })
  t.teardown(() => form.stop())
  const { barrier } = await open(t, settingsOf(form))
  const write = (key: string) => () => barrier.confirmed(key, async () => undefined).then(() => true, () => false)
  const keys = Array.from({ length: 20 }, (_, n) => `wx:{open${n}}:x`)
  for (const key of keys) await until('it is confirmed', write(key))
  for (const master of await form.masters()) {
    await form.client(master).call('CLIENT', 'KILL', 'TYPE', 'normal')
    for (const key of keys) await until('it is confirmed again', write(key))
  }
})
