// Owns: that the settings lead to a connection in each form of Redis: TLS, client certificates, passwords, of the
// sentinels, too; that sentinels lead to the newest master; and that a cluster's moving slots cost a command at most.
import { connectRedis } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'
import { Cluster, Redis } from 'ioredis'
import t from 'tap'
import { ownerOf } from '../../helpers/cluster-slots.ts'
import {
  type RedisForm,
  SENTINEL_NAME,
  startCluster,
  startSentinels,
  startStandalone,
} from '../../helpers/redis-forms.ts'
import { type RedisServer, startRedis } from '../../helpers/redis-server.ts'
import { standaloneSettings } from '../../helpers/redis-settings.ts'
import { until } from '../../helpers/until.ts'
import { COMPLETE } from '../runtime/settings-for-tests.ts'

const user = { name: 'app', rights: ['~*', '&*', '+@all'] }

const FORMS: Record<string, () => Promise<RedisForm>> = {
  'one server by TLS with client certificates and a password': () =>
    startStandalone({ clientCertificates: true, password: 'a-password' }),
  'one server with an ACL user': () => startStandalone({ password: 'a-password', user }),
  'sentinels without a password before servers with an ACL user': () =>
    startSentinels({ password: 'a-password', user, sentinels: 1 }),
  'sentinels with the password of the servers': () =>
    startSentinels({ password: 'same', sentinelPassword: 'same', sentinels: 1 }),
}

for (const [name, start] of Object.entries(FORMS)) {
  void t.test(`every role connects to ${name}`, async (t) => {
    const form = await start()
    t.teardown(() => form.stop())
    const { redis: settings } = loadConfig({ env: { ...COMPLETE, ...form.env } })
    for (const role of ['commands', 'blocking', 'subscriber'] as const) {
      const connection = connectRedis(settings, role, () => undefined)
      t.teardown(() => connection.disconnect())
      await until(`${role} is connected`, () => connection.status === 'ready')
    }
  })
}

void t.test('a command fails that is sent on to a master that has gone, and no rejection is unhandled', async (t) => {
  const form = await startCluster({ masters: 2 })
  t.teardown(() => form.stop())
  const { redis: settings } = loadConfig({ env: { ...COMPLETE, ...form.env } })
  const redis = connectRedis(settings, 'commands', () => undefined)
  if (!(redis instanceof Cluster)) throw new Error('no cluster')
  // BullMQ makes its own connections from ours.
  const connections = [redis, redis.duplicate().duplicate()]
  t.teardown(() => connections.forEach((connection) => connection.disconnect()))
  for (const connection of connections) await until('it is connected', () => connection.status === 'ready')
  const { slot, owner: from } = await ownerOf(form, 'key')
  const to = form.servers.find((server) => server !== from)
  if (!to) throw new Error('a cluster of one')
  await form
    .client(from)
    .call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(await form.client(to).call('CLUSTER', 'MYID')))
  await to.kill()
  await Promise.all(connections.map((connection) => t.rejects(connection.get('key'))))
})

void t.test('the sentinel with the newest configuration wins, and a demoted master is left', async (t) => {
  const starting: Array<Promise<RedisServer>> = [startRedis(), startRedis()]
  const [former, master] = await Promise.all(starting)
  const watching = async (server: RedisServer | undefined, epoch: number) => {
    const lines = [
      `sentinel monitor ${SENTINEL_NAME} 127.0.0.1 ${server?.port} 1`,
      `sentinel config-epoch ${SENTINEL_NAME} ${epoch}`,
    ]
    return startRedis([], { sentinel: lines })
  }
  const sentinels = await Promise.all([watching(former, 3), watching(master, 4)])
  t.teardown(() => Promise.all([former, master, ...sentinels].map(async (server) => server?.stop())))
  const settings = {
    ...standaloneSettings('redis://127.0.0.1'),
    mode: 'sentinel' as const,
    endpoints: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    sentinel: { name: SENTINEL_NAME, login: undefined },
  }
  const connections = (['commands', 'blocking', 'subscriber'] as const).map((role) =>
    connectRedis(settings, role, () => undefined),
  )
  t.teardown(() => connections.forEach((connection) => connection.disconnect()))
  const allAt = (server: RedisServer | undefined) =>
    connections.every(
      (connection) =>
        connection instanceof Redis && connection.status === 'ready' && connection.stream.remotePort === server?.port,
    )
  await until('they are at the newest master', () => allAt(master))
  const newest = new Redis({ port: sentinels[1]?.port ?? 0, enableReadyCheck: false })
  await newest.call('SENTINEL', 'REMOVE', SENTINEL_NAME)
  newest.disconnect()
  await until('they have gone where all sentinels see the master', () => allAt(former))
})
