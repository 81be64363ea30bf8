// Owns: that a URL with an IPv6 address leads to the server there, in every mode.
import { networkInterfaces } from 'node:os'
import { connectRedis } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { type RedisServer, startRedis } from '../../helpers/redis-server.ts'
import { until } from '../../helpers/until.ts'
import { COMPLETE } from '../runtime/settings-for-tests.ts'

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((own) => own?.address === '::1')
const skip = hasIpv6 ? false : 'this machine has no IPv6 loopback'
/** The test itself looks on by the other one. */
const BOTH = ['--bind', '127.0.0.1', '::1']
const NAME = 'a-master'

async function started(t: Test, args: readonly string[], sentinel?: readonly string[]): Promise<RedisServer> {
  const server = await startRedis([...BOTH, ...args], { sentinel })
  t.teardown(() => server.stop())
  return server
}

/** Where the URL leads to, and what else is set. */
const MODES: Record<string, (t: Test) => Promise<{ port: number; settings: Record<string, string> }>> = {
  async standalone(t) {
    const { port } = await started(t, [])
    return { port, settings: {} }
  },
  async sentinel(t) {
    const master = await started(t, [])
    const { port } = await started(t, [], [`sentinel monitor ${NAME} ::1 ${master.port} 1`])
    return { port, settings: { REDIS_SENTINEL_NAME: NAME } }
  },
  async cluster(t) {
    const { port } = await started(t, ['--cluster-enabled', 'yes', '--cluster-announce-ip', '::1'])
    const admin = new Redis(port)
    t.teardown(() => admin.disconnect())
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383)
    await until('the cluster is up', async () =>
      String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    )
    return { port, settings: {} }
  },
}

for (const [mode, start] of Object.entries(MODES)) {
  void t.test(`redis://[::1] in mode ${mode}`, { skip }, async (t) => {
    const { port, settings } = await start(t)
    const { redis } = loadConfig({
      env: { ...COMPLETE, ...settings, REDIS_MODE: mode, REDIS_URL: `redis://[::1]:${port}` },
    })
    const connection = connectRedis(redis, 'commands', (error) => t.comment(error.message))
    t.teardown(() => connection.disconnect())
    await until('it is connected', () => connection.status === 'ready')
    t.equal(await connection.set('wx:{health}:probe', '1'), 'OK')
    t.match(await connection.client('INFO'), / laddr=\[::1\]:/)
  })
}
