// Owns: what becomes of a push that Redis has taken and no replica has, with REDIS_MIN_REPLICAS and a spool. Without a spool it is
// refused: test/packages/redis/replica-barrier.test.ts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { untilReplicated } from '../helpers/redis-forms.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const APPID = 'wx00000000000000c1'

void t.test('with a spool, what no replica confirms is acknowledged and kept, and delivered once when one does again', async (t) => {
  const master = await startRedis()
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)])
  const redis = new Redis(master.port)
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-spool-'))
  t.teardown(async () => {
    process.kill(replica.pid(), 'SIGCONT')
    redis.disconnect()
    await Promise.all([master.stop(), replica.stop(), rm(dir, { recursive: true, force: true })])
  })
  await untilReplicated(redis, 1)
  const gateway = await startGateway({ redis: master, env: { REDIS_MIN_REPLICAS: '1', SPOOL_DIR: dir } })
  t.teardown(() => gateway.stop())
  gateway.simulator.addAccount({ appId: APPID, userName: 'gh_c1' })
  const [ingress] = gateway.ingresses
  const subscribed = await until('it takes a subscription', async () => {
    const { body } = await gateway.call('PUT', '/subscriptions/crm', { match: { types: ['wechat.message.*'] }, sink: { kind: 'stream' } })
    return body.sink?.stream
  })
  const contents = async () => {
    const entries = await redis.xrange(subscribed, '-', '+')
    return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('event') + 1] ?? '').data.Content)
  }
  const say = async (content: string) => (await gateway.simulator.sendText(APPID, { openId: 'oUSER', content })).attempts
  const taken = (attempts: ReadonlyArray<{ body?: string }>) => attempts.map(({ body }) => body)

  t.same(taken(await say('before')), ['success'])
  await until('it is delivered', async () => (await contents()).includes('before'))
  process.kill(replica.pid(), 'SIGSTOP')
  t.same(taken(await say('unconfirmed')), ['success'], 'at the first attempt')
  await until('the log says so', () => ingress?.process.output().includes('spool.holding'))
  process.kill(replica.pid(), 'SIGCONT')
  await until('it is handed over', () => ingress?.process.output().includes('spool.emptied'))
  t.same(taken(await say('after')), ['success'])
  await until('all are delivered', async () => (await contents()).includes('after'))
  t.same(await contents(), ['before', 'unconfirmed', 'after'])
})
