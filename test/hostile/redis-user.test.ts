// The Redis user that SECURITY.md documents is enough for everything the processes do, and for nothing else.
import { Redis } from 'ioredis'
import t from 'tap'
import { projectText } from '../helpers/docs.ts'
import { startGateway } from '../helpers/gateway.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const PASSWORD = 'password-of-the-documented-user'

void t.test('the documented Redis user carries the whole story', async (t) => {
  const rules = /^ACL SETUSER gateway (.+)$/m.exec(projectText('SECURITY.md'))?.[1]?.replace('>PASSWORD', `>${PASSWORD}`).split(' ') ?? []
  t.ok(rules.length > 10)
  const redisServer = await startRedis(['--user', 'gateway', ...rules])
  t.teardown(() => redisServer.stop())
  const login = redisServer.url.replace('//', `//gateway:${PASSWORD}@`)
  const gateway = await startGateway({ redis: redisServer, env: { REDIS_URL: login } })
  t.teardown(() => gateway.stop())
  const { simulator } = gateway
  const appId = 'wx00000000000000a1'
  simulator.addAccount({ appId, userName: 'gh_0000000000a1' })

  await t.test('pushes, tokens, subscriptions, deliveries, dead letters, replies, replays, synchronisation', async (t) => {
    await simulator.pushTicket()
    await until('there is a component token', async () => (await gateway.call('GET', '/component_access_token')).status === 200)
    await simulator.authorize(appId)
    await until('the account is there', async () => (await gateway.call('GET', `/authorizers/${appId}`)).status === 200)
    const streaming = await gateway.call('PUT', '/subscriptions/streaming', { sink: { kind: 'stream' } })
    t.equal(streaming.status, 201)
    t.equal((await gateway.call('PUT', '/subscriptions/queueing', { sink: { kind: 'queue' }, reply: true })).status, 201)
    t.equal((await gateway.call('PUT', '/subscriptions/failing', { sink: { kind: 'webhook', url: 'http://127.0.0.1:1/' }, retry: { scheduleSeconds: [] } })).status, 201)
    t.equal((await simulator.sendText(appId, { content: 'x' })).attempts.at(-1)?.body, 'success')
    const letters = await until('the dead letter is there', async () => {
      const { items = [] } = (await gateway.call('GET', '/subscriptions/failing/dead-letters')).body
      return items.length > 0 ? items : undefined
    })
    t.match(await gateway.call('POST', '/subscriptions/failing/dead-letters/replay', {}), { status: 202 })
    const eventId = String(letters[0]?.eventId)
    t.match(await gateway.call('GET', `/events/${eventId}`), { status: 200 })
    t.match(await gateway.call('POST', `/events/${eventId}/replay`, {}), { status: 202 })
    t.match(await gateway.call('POST', '/subscriptions/streaming/test', {}), { status: 202 })
    t.match(await gateway.call('GET', `/access_token/${appId}?force=true`), { status: 200 })
    t.match(await gateway.call('GET', `/ticket/${appId}?type=jsapi`), { status: 200 })
    const { body } = await gateway.call('POST', '/authorizers/sync')
    await until('the synchronisation is done', async () => (await gateway.call('GET', `/authorizers/sync/${body.jobId}`)).body.status === 'completed')
    t.match(await gateway.call('DELETE', '/subscriptions/failing'), { status: 204 })
    const ready = await fetch(`${gateway.internalUrl}/readyz`)
    t.equal(ready.status, 200, await ready.text())
    for (const { process } of [...gateway.ingresses, ...gateway.workers]) t.notMatch(process.output(), /NOPERM|NOAUTH/)
  })

  await t.test('it can neither look around nor destroy', async (t) => {
    const redis = new Redis(gateway.redis.url, { username: 'gateway', password: PASSWORD })
    t.teardown(() => redis.disconnect())
    for (const command of [['KEYS', '*'], ['FLUSHALL'], ['FLUSHDB'], ['CONFIG', 'GET', '*'], ['ACL', 'LIST'], ['MONITOR'], ['SHUTDOWN'], ['GET', 'somebody:else'], ['SET', 'somebody:else', 'x'], ['GET', 'wx:{open2}:ticket'], ['SCRIPT', 'FLUSH'], ['SAVE'], ['REPLICAOF', 'NO', 'ONE']]) {
      const [name = '', ...args] = command
      await t.rejects(redis.call(name, ...args), { message: /^NOPERM/ }, command.join(' '))
    }
  })
})
