// Owns: what the gateway finds out about the settings of Redis by itself.
import { evictionPolicy, persistenceGap } from '@wxgw/redis'
import { Cluster, Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { startCluster } from '../../helpers/redis-forms.ts'
import { startRedis } from '../../helpers/redis-server.ts'

async function connected(
  t: Test,
  args: readonly string[],
  login: { username?: string; password?: string } = {},
): Promise<Redis> {
  const server = await startRedis(args)
  t.teardown(() => server.stop())
  const redis = new Redis({ port: server.port, ...login })
  t.teardown(() => redis.disconnect())
  return redis
}

const GAPS: Record<string, { args: string[]; gap: RegExp | undefined }> = {
  'no append-only file': { args: ['--appendonly', 'no'], gap: /appendonly is no/ },
  'a file that is written every second': { args: ['--appendfsync', 'everysec'], gap: /appendfsync is everysec/ },
  'a file that the system writes when it likes': { args: ['--appendfsync', 'no'], gap: /appendfsync is no/ },
  'a file that is written always': { args: ['--appendfsync', 'always'], gap: undefined },
}

for (const [what, { args, gap }] of Object.entries(GAPS)) {
  void t.test(`${what} ${gap ? 'is a gap' : 'is none'}`, async (t) => {
    const said = await persistenceGap(await connected(t, args))
    if (gap) t.match(said, gap)
    else t.equal(said, undefined)
  })
}

void t.test('what a managed Redis forbids to read is no gap, and CONFIG is not asked for twice', async (t) => {
  const rights = ['~*', '&*', '+@all', '-config', '-info']
  const login = { username: 'app', password: 'word' }
  const redis = await connected(t, ['--appendfsync', 'no', '--user', 'app', 'on', '>word', ...rights], login)
  for (let time = 0; time < 3; time += 1) t.equal(await persistenceGap(redis), undefined)
  const log = await redis.call('ACL', 'LOG')
  const asked = (Array.isArray(log) ? log : []).map(String).filter((entry) => entry.includes('config|get'))
  t.match(asked.join(), /^count,1,/)
})

void t.test('in a cluster the one master that is wrong is found', async (t) => {
  const form = await startCluster()
  t.teardown(() => form.stop())
  const [first, , last] = form.servers
  if (!first || !last) throw new Error('no nodes')
  await form.client(last).config('SET', 'maxmemory-policy', 'allkeys-lru')
  await form.client(last).config('SET', 'appendonly', 'no')
  const cluster = new Cluster([{ host: '127.0.0.1', port: first.port }])
  t.teardown(() => cluster.disconnect())
  await cluster.ping()
  t.equal(await evictionPolicy(cluster), 'allkeys-lru')
  t.match(await persistenceGap(cluster), /append/)
})
