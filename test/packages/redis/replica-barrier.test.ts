// Owns: that a write counts only when replicas have it, and that no trap of WAIT makes one count that they do not have.
import type { RedisSettings } from '@wxgw/contracts'
import { connectRedis, createReplicaBarrier, guardStore, type ReplicaBarrier } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import { Cluster, Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { ownerOf } from '../../helpers/cluster-slots.ts'
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
  await untilConfirmed(barrier, () => commands.set(KEY, 'v'))
  return { master, replica, admin, commands, barrier }
}

/** Repeats the write, as WeChat repeats a push: a replica on a busy machine may take longer than the barrier waits. */
async function untilConfirmed<T>(barrier: ReplicaBarrier, write: () => Promise<T>, key = KEY): Promise<T> {
  const once = () => guardStore(() => barrier.confirmed(key, write))
  const [answer] = await until('it is confirmed', () => once().then((value) => [value] as const, unlessUnconfirmed))
  return answer
}

function unlessUnconfirmed(error: unknown): undefined {
  if (!(error instanceof GatewayError) || error.code !== UNCONFIRMED.code) throw error
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
  t.equal(await untilConfirmed(barrier, () => commands.set(KEY, 'w')), 'OK')
  freeze(replica)
  const seen = new Redis(replica.port)
  t.teardown(() => seen.disconnect())
  resume(replica)
  t.equal(await seen.get(KEY), 'w')
})

void t.test('what no replica has in time does not count, though the master has it', async (t) => {
  const { replica, commands, barrier, admin } = await startPair(t)
  const setTo = (value: string) => barrier.confirmed(KEY, () => commands.set(KEY, value))
  freeze(replica)
  await t.rejects(setTo('w'), UNCONFIRMED)
  t.equal(await admin.get(KEY), 'w')
  resume(replica)
  t.equal(await untilConfirmed(barrier, () => commands.set(KEY, 'x')), 'OK', 'it counts again')
})

void t.test('without any replica nothing counts', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { commands, barrier } = await open(t, standaloneSettings(server.url))
  const setTo = (value: string) => barrier.confirmed(KEY, () => commands.set(KEY, value))
  await t.rejects(setTo('v'), UNCONFIRMED)
})

void t.test('a write that fails says why, and nobody waits', async (t) => {
  const { commands, barrier } = await startPair(t)
  await commands.set(KEY, 'text')
  await t.rejects(
    barrier.confirmed(KEY, () => commands.incr(KEY)),
    /not an integer/,
  )
})

void t.test('many writes at once share a few waits', async (t) => {
  const { commands, barrier, admin } = await startPair(t)
  const waitsSoFar = async () => Number(/cmdstat_wait:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1])
  const waits = await until('all are confirmed', async () => {
    const before = await waitsSoFar()
    const writes = Array.from({ length: 200 }, (_, n) => barrier.confirmed(KEY, () => commands.set(KEY, n)))
    return Promise.all(writes).then(async () => (await waitsSoFar()) - before, unlessUnconfirmed)
  })
  t.ok(waits < 20, `${waits} waits`)
})

void t.test('a wait that would succeed after a reconnect does not count', async (t) => {
  const { replica, commands, barrier, admin } = await startPair(t)
  freeze(replica)
  let outcome: Promise<boolean> | undefined
  // A WAIT takes half a second. When this test missed one on a busy machine, it looks for the next.
  const waiting = await until('it waits', async () => {
    outcome ??= barrier
      .confirmed(KEY, () => commands.set(KEY, 'w'))
      .then(
        () => true,
        () => false,
      )
    void outcome.then(() => (outcome = undefined))
    const clients = String(await admin.call('CLIENT', 'LIST'))
    return /id=(\d+) [^\n]*flags=b[^\n]* cmd=wait/.exec(clients)?.[1]
  })
  const confirmed = outcome
  await admin.call('CLIENT', 'KILL', 'ID', waiting)
  resume(replica)
  t.not(await confirmed, true)
})

void t.test('a write whose connection was lost meanwhile does not count', async (t) => {
  const { commands, barrier, admin } = await startPair(t)
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

void t.test('while replicas are away one write at a time probes; the others are refused first', async (t) => {
  const { replica, commands, barrier, admin } = await startPair(t)
  const setTo = (value: string) => barrier.confirmed(KEY, () => commands.set(KEY, value))
  freeze(replica)
  await t.rejects(setTo('w'), UNCONFIRMED)
  const writes = Array.from({ length: 100 }, () => barrier.confirmed(KEY, () => commands.incr('count')))
  for (const { status } of await Promise.allSettled(writes)) t.equal(status, 'rejected')
  t.equal(await admin.get('count'), '1')
  resume(replica)
  await until('none of them is refused once the replicas are back', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => barrier.confirmed(KEY, () => commands.incr('count'))),
    )
    return outcomes.every(({ status }) => status === 'fulfilled')
  })
})

void t.test('what a server answers is no outage: the next writes are tried', async (t) => {
  const { commands, barrier } = await startPair(t)
  const refused = Array.from({ length: 5 }, () => () => commands.incr(KEY))
  const taken = Array.from({ length: 5 }, () => () => commands.set(KEY, 'text'))
  await until('all that the server takes is confirmed', async () => {
    const outcomes = await Promise.allSettled(
      [...refused, ...taken].map((write) => barrier.confirmed<unknown>(KEY, write)),
    )
    const confirmed = outcomes.map(({ status }) => status === 'fulfilled')
    return confirmed.slice(refused.length).every(Boolean) && !confirmed.slice(0, refused.length).some(Boolean)
  })
})

void t.test('a frozen master holds nobody longer than a push has, and counts again when it goes on', async (t) => {
  const { master, commands, barrier } = await startPair(t)
  freeze(master)
  t.teardown(() => resume(master))
  const writes = Array.from({ length: 100 }, () => barrier.confirmed(KEY, () => commands.set(KEY, 'w')))
  for (const { status } of await Promise.allSettled(writes)) t.equal(status, 'rejected')
  resume(master)
  t.equal(await untilConfirmed(barrier, () => commands.set(KEY, 'x')), 'OK', 'it counts again')
})

void t.test('in a cluster each write waits for the replicas of its own master', async (t) => {
  const form = await startCluster({ masters: 3, replicasEach: 1 })
  t.teardown(() => form.stop())
  const { commands, barrier } = await open(t, settingsOf(form))
  t.ok(commands instanceof Cluster)
  const keys = Array.from({ length: 20 }, (_, n) => `wx:{open${n}}:x`)
  await Promise.all(keys.map((key) => untilConfirmed(barrier, () => commands.set(key, 'v'), key)))
  const [master, frozen] = [form.servers[0], form.servers[3]]
  if (!frozen) throw new Error('no replica')
  freeze(frozen)
  t.teardown(() => resume(frozen))
  const isHit = await Promise.all(keys.map(async (key) => (await ownerOf(form, key)).owner === master))
  t.same(new Set(isHit), new Set([true, false]))
  const [hit, others] = [keys.filter((_, index) => isHit[index]), keys.filter((_, index) => !isHit[index])]
  await Promise.all([
    ...hit.map((key) =>
      t.rejects(
        barrier.confirmed(key, () => commands.set(key, 'w')),
        UNCONFIRMED,
        key,
      ),
    ),
    ...others.map((key) => untilConfirmed(barrier, () => commands.set(key, 'w'), key)),
  ])
})

void t.test('a cluster connection that was lost is confirmed again without other commands', async (t) => {
  const form = await startCluster({ masters: 3, replicasEach: 1 })
  t.teardown(() => form.stop())
  const { barrier } = await open(t, settingsOf(form))
  const keys = Array.from({ length: 20 }, (_, n) => `wx:{open${n}}:x`)
  const untilAllConfirmed = async () => {
    for (const key of keys) await untilConfirmed(barrier, async () => undefined, key)
  }
  await untilAllConfirmed()
  for (const master of await form.masters()) {
    await form.client(master).call('CLIENT', 'KILL', 'TYPE', 'normal')
    await untilAllConfirmed()
  }
})
