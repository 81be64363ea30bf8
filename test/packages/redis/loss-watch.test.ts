// Owns: that another server behind a connection is noticed, and an emptied one; and that nothing else is taken for it.
import { connectRedis, type Loss, startLossWatch } from '@wxgw/redis'
import { Redis } from 'ioredis'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startTcpProxy } from '../../chaos/tcp-proxy.ts'
import { startRedis } from '../../helpers/redis-server.ts'
import { standaloneSettings } from '../../helpers/redis-settings.ts'
import { until } from '../../helpers/until.ts'

const MARK = 'wx:{open1}:key_check'

async function startWatch(t: Test, { port }: { port: number }) {
  const losses: Loss[] = []
  let looks = 0
  const settings = standaloneSettings(`redis://127.0.0.1:${port}`)
  const redis = connectRedis(settings, 'commands', () => undefined)
  const get = redis.get.bind(redis)
  redis.get = async (...args: Parameters<typeof get>) => {
    const answer = await get(...args)
    looks += 1
    return answer
  }
  const watch = startLossWatch({
    redis,
    marks: [MARK],
    onLoss: async (loss) => void losses.push(loss),
    onError: () => undefined,
    everyMs: 20,
  })
  t.teardown(async () => {
    await watch.stop()
    redis.disconnect()
  })
  const lookedAgain = async () => {
    const before = looks
    await until('it has looked again', () => looks > before + 1)
  }
  await lookedAgain()
  return { losses, lookedAgain }
}

void t.test('a server that was started again may have lost what it acknowledged last', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { losses } = await startWatch(t, server)
  await server.kill()
  await server.start()
  await until('it is noticed', () => losses.length > 0)
  t.same(losses, ['another-server'])
})

void t.test('another server behind the same address is noticed', async (t) => {
  const [old, promoted] = [await startRedis(), await startRedis()]
  t.teardown(() => Promise.all([old.stop(), promoted.stop()]))
  const target = { port: old.port }
  const wire = await startTcpProxy(target)
  t.teardown(() => wire.close())
  const { losses } = await startWatch(t, wire)
  target.port = promoted.port
  await old.kill()
  await until('it is noticed', () => losses.length > 0)
  t.same(losses, ['another-server'])
})

void t.test('an emptied server is noticed although every connection stays', async (t) => {
  const server = await startRedis()
  const redis = new Redis(server.port)
  t.teardown(async () => {
    redis.disconnect()
    await server.stop()
  })
  await redis.set(MARK, 'one')
  const { losses, lookedAgain } = await startWatch(t, server)
  await redis.flushall()
  await redis.set(MARK, 'another process was first to mark it anew')
  await until('it is noticed', () => losses.length > 0)
  t.same(losses, ['emptied'])
  await lookedAgain()
  t.equal(losses.length, 1, 'once')
})

void t.test('a new connection to the same server is no loss', async (t) => {
  const server = await startRedis()
  const redis = new Redis(server.port)
  t.teardown(async () => {
    redis.disconnect()
    await server.stop()
  })
  const { losses, lookedAgain } = await startWatch(t, server)
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await lookedAgain()
  await redis.set(MARK, 'written for the first time')
  await lookedAgain()
  t.same(losses, [])
})

void t.test('without its data the same server is another one', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const { losses } = await startWatch(t, server)
  await server.kill()
  await rm(join(server.dir, 'appendonlydir'), { recursive: true })
  await server.start()
  await until('it is noticed', () => losses.length > 0)
  t.same(losses, ['another-server'])
})
