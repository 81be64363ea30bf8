// Owns: what becomes of a push that Redis has taken and no replica has, with REDIS_MIN_REPLICAS: kept in a spool, or refused.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { untilReplicated } from '../helpers/redis-forms.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const APPID = 'wx00000000000000c1'

/** A master and its replica, with a client of the master. Stopped with the test, however frozen they are. */
async function startPair(t: Test) {
  const master = await startRedis()
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)])
  const redis = new Redis(master.port)
  t.teardown(async () => {
    redis.disconnect()
    await Promise.all([master.stop(), replica.stop()])
  })
  await untilReplicated(redis, 1)
  return { master, replica, redis }
}

void t.test(
  'with a spool, what no replica confirms is acknowledged and kept, and delivered once when one does again',
  async (t) => {
    const { master, replica, redis } = await startPair(t)
    const dir = await mkdtemp(join(tmpdir(), 'wxgw-spool-'))
    t.teardown(() => rm(dir, { recursive: true, force: true }))
    const gateway = await startGateway({ redis: master, env: { REDIS_MIN_REPLICAS: '1', SPOOL_DIR: dir } })
    t.teardown(() => gateway.stop())
    gateway.simulator.addAccount({ appId: APPID, userName: 'gh_c1' })
    const [ingress] = gateway.ingresses
    const subscribed = await until('it takes a subscription', async () => {
      const { body } = await gateway.call('PUT', '/subscriptions/crm', {
        match: { types: ['wechat.message.*'] },
        sink: { kind: 'stream' },
      })
      return body.sink?.stream
    })
    const contents = async () => {
      const entries = await redis.xrange(subscribed, '-', '+')
      return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('event') + 1] ?? '').data.Content)
    }
    const say = async (content: string) =>
      (await gateway.simulator.sendText(APPID, { openId: 'oUSER', content })).attempts
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
  },
)

void t.test(
  'without a spool, each write is refused before its caller hangs up, whoever of Redis is away, and taken again after that',
  async (t) => {
    const { master, replica } = await startPair(t)
    const gateway = await startGateway({ redis: master, env: { REDIS_MIN_REPLICAS: '1' } })
    t.teardown(() => gateway.stop())
    const { simulator } = gateway
    simulator.addAccount({ appId: APPID, userName: 'gh_c1' })
    simulator.configure({ attempts: 1 })
    const replicas = async () => {
      const { checks } = JSON.parse(await (await fetch(`${gateway.internalUrl}/readyz`)).text())
      return checks.find(({ name }: { name: string }) => name === 'redis-replicas')
    }
    const texts = () =>
      Promise.all(Array.from({ length: 100 }, (_, n) => simulator.sendText(APPID, { openId: `o${n}`, content: 'x' })))
    const statusesOf = async () => {
      const [ticket, sent, { status }] = await Promise.all([
        simulator.pushTicket(),
        texts(),
        gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'stream' } }),
      ])
      return [
        ...new Set([...ticket.attempts, ...sent.flatMap(({ attempts }) => attempts)].map((attempt) => attempt.status)),
        Math.floor(status / 100),
      ]
    }
    const isTaken = async () => (await statusesOf()).every((status) => status === 200 || status === 2)
    await until('everything is taken', isTaken)

    for (const [server, reason] of [
      [replica, /^pushes are refused: .*0 of 1 replicas/],
      [master, /./],
    ] as const) {
      process.kill(server.pid(), 'SIGSTOP')
      t.same(await statusesOf(), [503, 5])
      t.match(await replicas(), { ok: false, reason })
      process.kill(server.pid(), 'SIGCONT')
      await until('everything is taken again', isTaken)
      await until('it is ready', async () => (await replicas()).ok)
    }

    await replica.kill()
    const told = async () => /^the master 127\.0\.0\.1:\d+ has 0 replicas/.test((await replicas()).reason)
    await until('the master that has too few is named', told)
    t.same(await statusesOf(), [503, 5])
    await replica.start()
    await until('everything is taken once more', isTaken)
  },
)
