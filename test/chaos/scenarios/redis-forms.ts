// Owns: every form of Redis that the gateway supports, each with the main story (the rig authorizes an account first) and its own
// fault under load, of form-faults.ts; and what a managed Redis forbids.
import { shardKeys } from '@wxgw/redis'
import { startCluster, startSentinels, startStandalone, type RedisForm } from '../../helpers/redis-forms.ts'
import type { RedisServer } from '../../helpers/redis-server.ts'
import { until } from '../../helpers/until.ts'
import { deliveredAgain, type Load, type LoadOptions, type Scenario, underLoad } from '../scenario.ts'
import { type Fault, failover, freeze, reshard, reshardAndKill, restart, restartUnnoticed } from './form-faults.ts'

const SETTLED_WITHIN_MS = 300_000

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
    name: 'shards-resharded-killed',
    about: 'eight shards on a cluster of 3, slots moved under load, a master killed in between and started again',
    start: () => startCluster({ args: LENIENT }),
    fault: reshardAndKill,
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
