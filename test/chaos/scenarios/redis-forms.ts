// Owns: every form of Redis that the gateway supports, each with the main story (the rig authorizes an account first) and its own
// fault under load: masters killed and frozen, slots that move, and what a managed Redis forbids.
import { setTimeout as delay } from 'node:timers/promises'
import { shardKeys } from '@wxgw/redis'
import { moveSlot } from '../../helpers/cluster-slots.ts'
import {
  startCluster,
  startSentinels,
  startStandalone,
  untilReplicated,
  type RedisForm,
} from '../../helpers/redis-forms.ts'
import type { RedisServer } from '../../helpers/redis-server.ts'
import { until } from '../../helpers/until.ts'
import {
  acknowledgedAgain,
  type Context,
  deliveredAgain,
  type Load,
  type LoadOptions,
  type Scenario,
  underLoad,
  untilEnough,
} from '../scenario.ts'

/** A master is declared dead after 1 s (sentinels) or 2 s (cluster), and an election takes about as long. */
const FAILED_OVER_WITHIN_MS = 60_000
const SETTLED_WITHIN_MS = 300_000

type Fault = (load: Load, form: RedisForm, context: Context) => Promise<void>

function onForm(
  scenario: { name: string; about: string; start(): Promise<RedisForm>; fault: Fault } & Pick<
    LoadOptions,
    'env' | 'accounts'
  >,
): Scenario {
  const { name, about, start, fault, env = {}, accounts } = scenario
  return {
    name: `form-${name}`,
    about,
    async run(context) {
      const form = await start()
      try {
        // As WeChat does, a refused push is tried three times in all.
        const options = {
          form,
          env,
          accounts,
          attempts: 3,
          ingresses: 2,
          workers: 2,
          ratePerSecond: context.ratePerSecond,
        }
        return await underLoad(options, async (load) => {
          await fault(load, form, context)
          load.fact('deliveredAgainMs', await deliveredAgain(load.sinks))
          await expectSettled(load, form, Number(env['MESSAGE_SHARDS'] ?? 1))
        })
      } finally {
        await form.stop()
      }
    },
  }
}

/** Nothing that is pending without a reason is left in the event log. */
async function expectSettled({ fact, expect }: Load, form: RedisForm, shards: number): Promise<void> {
  const startedAt = performance.now()
  const left = async () => {
    const indexes = Array.from({ length: shards }, (_, index) => shardKeys('open1', index).unsettled)
    const ofMaster = (server: RedisServer) =>
      indexes.map((key) =>
        form
          .client(server)
          .zcard(key)
          .catch(() => 0),
      )
    const counts = await Promise.all((await form.masters()).flatMap(ofMaster))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  // The load goes on: what is under way is young. Sampled until nothing that was there before is left.
  const none = await until('nothing is pending', async () => (await left()) < 50, {
    timeoutMs: SETTLED_WITHIN_MS,
    everyMs: 500,
  }).catch(() => false)
  fact('settledAfterMs', Math.round(performance.now() - startedAt))
  expect(none !== false, `${await left()} deliveries are pending without end`)
}

/** The same fault until it has happened often enough; the slowest recovery is what counts. */
function again(fault: (load: Load, form: RedisForm) => Promise<void>): Fault {
  return async (load, form, context) => {
    const isEnough = untilEnough(context)
    const masters = (await form.masters()).length
    let faults = 0
    let slowestAgainMs = 0
    do {
      await delay(500 + context.random() * 1_000)
      const startedAt = performance.now()
      await fault(load, form)
      await acknowledgedAgain(load.pusher, FAILED_OVER_WITHIN_MS)
      slowestAgainMs = Math.max(slowestAgainMs, Math.round(performance.now() - startedAt))
      await whole(form, masters)
      faults += 1
    } while (!isEnough(faults))
    load.fact('kills', faults)
    load.fact('acknowledgedAgainMs', slowestAgainMs)
  }
}

/** All servers run, there are as many masters as at first, and the others follow: a former master that starts again claims to be one. */
export async function whole(form: RedisForm, masters: number): Promise<void> {
  for (const server of form.servers) if (!server.isRunning()) await server.start()
  await until(
    'every server is a master or follows one',
    async () => {
      const views = await Promise.all(
        form.servers.map((server) =>
          form
            .client(server)
            .info('replication')
            .catch(() => ''),
        ),
      )
      const following = views.filter((view) => view.includes('master_link_status:up')).length
      return following === form.servers.length - masters && (await form.masters()).length === masters
    },
    { timeoutMs: FAILED_OVER_WITHIN_MS, everyMs: 100 },
  )
  for (const master of await form.masters()) {
    const replicas = Number(/connected_slaves:(\d+)/.exec(await form.client(master).info('replication'))?.[1])
    await untilReplicated(form.client(master), replicas)
  }
}

const restart = again(async (_load, form) => {
  const master = await oneMaster(form)
  await master.kill()
  await delay(500)
  await master.start()
})

/** Pushes are taken while a master is lost, but for some that met it first on a busy machine, and come again. */
const restartUnnoticed: Fault = async (load, form, context) => {
  load.pusher.mark()
  await restart(load, form, context)
  const { statuses } = load.pusher.report()
  const { 200: taken = 0, ...refused } = statuses
  const share = Object.values(refused).reduce((sum, count) => sum + count, 0) / Math.max(taken, 1)
  load.expect(share < 0.05, `answers while masters were lost: ${JSON.stringify(statuses)}`)
}

const failover = again(async (_load, form) => {
  const master = await oneMaster(form)
  await master.kill()
  await promoted(form, master)
})

const freeze = again(async (_load, form) => {
  const master = await oneMaster(form)
  process.kill(master.pid(), 'SIGSTOP')
  try {
    await promoted(form, master)
  } finally {
    process.kill(master.pid(), 'SIGCONT')
  }
})

export async function oneMaster(form: RedisForm): Promise<RedisServer> {
  const [master] = (await form.masters()).toSorted(() => Math.random() - 0.5)
  if (!master) throw new Error('there is no master')
  return master
}

/** Another one serves what `gone` did. */
export async function promoted(form: RedisForm, gone: RedisServer): Promise<void> {
  const others = form.servers.filter((server) => server !== gone)
  const mastersAmong = async () => {
    const roles = await Promise.all(
      others.map(
        async (server) =>
          server.isRunning() &&
          (
            await form
              .client(server)
              .info('replication')
              .catch(() => '')
          ).includes('role:master'),
      ),
    )
    return roles.filter(Boolean).length
  }
  const before = await mastersAmong()
  await until('another master is promoted', async () => (await mastersAmong()) > before, {
    timeoutMs: FAILED_OVER_WITHIN_MS,
    everyMs: 50,
  })
}

/** Slots go from the first master to the second and back, a hundred at a time, with what stands in them. */
const reshard: Fault = async (load, form, context) => {
  const isEnough = untilEnough(context)
  const [first, second] = form.servers
  if (!first || !second) throw new Error('two masters are needed')
  let moved = 0
  do {
    for (const [from, to] of [
      [first, second],
      [second, first],
    ] as const) {
      for (const slot of await slotsInUse(form, from)) {
        await moveSlot(form, { slot, from, to })
        moved += 1
      }
    }
  } while (!isEnough(moved))
  load.fact('slotsMoved', moved)
}

async function slotsInUse(form: RedisForm, server: RedisServer): Promise<number[]> {
  const client = form.client(server)
  const own = String(await client.call('CLUSTER', 'MYID'))
  const shards = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number, string]][]
  const slots = shards
    .filter(([, , [, , id]]) => id === own)
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => from + n))
  const counts = await Promise.all(slots.map((slot) => client.call('CLUSTER', 'COUNTKEYSINSLOT', slot)))
  return slots.filter((_, index) => Number(counts[index]) > 0).slice(0, 100)
}

/** Eight inboxes, and accounts in all shards. */
const SHARDED = {
  env: { MESSAGE_SHARDS: '8' },
  accounts: Array.from({ length: 32 }, (_, index) => ({
    appId: `wx${String(index).padStart(16, '0')}`,
    userName: `gh_${index}`,
  })),
}
/** With `everysec`, Redis puts a write off while the disk is busy, and a kill then loses what it had answered. */
export const DURABLE = ['--appendfsync', 'always']
/** A master that is lost is to cost its own slots alone. */
const LENIENT = [...DURABLE, '--cluster-require-full-coverage', 'no']

const MANAGED = ['CONFIG', 'KEYS', 'DEBUG', 'SHUTDOWN', 'BGREWRITEAOF', 'SLAVEOF', 'REPLICAOF'].flatMap((name) => [
  '--rename-command',
  name,
  '',
])
const password = 'a-password'

export const REDIS_FORMS: readonly Scenario[] = [
  onForm({
    name: 'standalone',
    about: 'one server, killed and started again',
    start: () => startStandalone({ args: DURABLE }),
    fault: restart,
  }),
  onForm({
    name: 'standalone-tls',
    about: 'one server by TLS with client certificates, killed and started again',
    start: () => startStandalone({ clientCertificates: true, password, args: DURABLE }),
    fault: restart,
  }),
  onForm({
    name: 'managed',
    about: 'one server that forbids CONFIG, KEYS and INFO, killed and started again',
    start: () =>
      startStandalone({
        password,
        args: [...DURABLE, ...MANAGED],
        user: { name: 'app', rights: ['~*', '&*', '+@all', '-info', '-@dangerous'] },
      }),
    fault: restart,
  }),
  onForm({
    name: 'sentinel',
    about: 'sentinels of 1 + 1 + 3, the master killed',
    start: () => startSentinels({ replicas: 1 }),
    fault: failover,
  }),
  onForm({
    name: 'sentinel-frozen',
    about: 'sentinels of 1 + 1 + 3, the master frozen',
    start: () => startSentinels({ replicas: 1 }),
    fault: freeze,
  }),
  onForm({
    name: 'sentinel-tls',
    about: 'sentinels of 1 + 1 + 3 by TLS, with passwords, the master killed',
    start: () => startSentinels({ replicas: 1, tls: true, password, sentinelPassword: 'another' }),
    fault: failover,
  }),
  onForm({
    name: 'sentinel-confirmed',
    about: 'sentinels of 1 + 2 + 3 with REDIS_MIN_REPLICAS=1, the master killed',
    start: () => startSentinels({ replicas: 2 }),
    env: { REDIS_MIN_REPLICAS: '1' },
    fault: failover,
  }),
  onForm({
    name: 'cluster',
    about: 'a cluster of 3, a master killed and started again',
    start: () => startCluster({ args: DURABLE }),
    fault: restart,
  }),
  onForm({
    name: 'cluster-replicas',
    about: 'a cluster of 3 + 3, a master killed',
    start: () => startCluster({ replicasEach: 1 }),
    fault: failover,
  }),
  onForm({
    name: 'cluster-confirmed',
    about: 'a cluster of 3 + 6 with REDIS_MIN_REPLICAS=1, a master killed',
    start: () => startCluster({ replicasEach: 2 }),
    env: { REDIS_MIN_REPLICAS: '1' },
    fault: failover,
  }),
  onForm({
    name: 'cluster-frozen',
    about: 'a cluster of 3 + 3, a master frozen',
    start: () => startCluster({ replicasEach: 1 }),
    fault: freeze,
  }),
  onForm({
    name: 'cluster-tls',
    about: 'a cluster of 3 + 3 by TLS with a password, a master killed',
    start: () => startCluster({ replicasEach: 1, tls: true, password }),
    fault: failover,
  }),
  onForm({
    name: 'cluster-resharded',
    about: 'a cluster of 3, slots moved under load',
    start: () => startCluster(),
    fault: reshard,
  }),
  onForm({
    name: 'shards',
    about: 'eight shards on a cluster of 3, a master killed and started again: pushes are taken meanwhile',
    start: () => startCluster({ args: LENIENT }),
    fault: restartUnnoticed,
    ...SHARDED,
  }),
  onForm({
    name: 'shards-replicas',
    about: 'eight shards on a cluster of 3 + 3, a master killed',
    start: () => startCluster({ replicasEach: 1 }),
    fault: failover,
    ...SHARDED,
  }),
  onForm({
    name: 'shards-confirmed',
    about: 'eight shards on a cluster of 3 + 6 with REDIS_MIN_REPLICAS=1, a master killed',
    start: () => startCluster({ replicasEach: 2 }),
    fault: failover,
    ...SHARDED,
    env: { ...SHARDED.env, REDIS_MIN_REPLICAS: '1' },
  }),
  onForm({
    name: 'shards-resharded',
    about: 'eight shards on a cluster of 3, slots moved under load',
    start: () => startCluster(),
    fault: reshard,
    ...SHARDED,
  }),
  onForm({
    name: 'shards-many',
    about: '64 shards on one server, killed and started again',
    start: () => startStandalone({ args: DURABLE }),
    fault: restart,
    ...SHARDED,
    env: { MESSAGE_SHARDS: '64' },
  }),
]
