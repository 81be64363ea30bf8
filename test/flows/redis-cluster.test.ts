// Every key and every script keeps to one hash slot: the main ways work on a Redis Cluster.
import { Redis } from 'ioredis'
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

void t.test('the gateway on a Redis Cluster', async (t) => {
  const server = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
  const redis = new Redis(server.url)
  t.teardown(() => redis.disconnect())
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('the cluster is up', async () => String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  const gateway = await startGateway({ redis: server, env: { REDIS_MODE: 'cluster' } })
  t.teardown(() => gateway.stop())
  const { simulator } = gateway
  const appId = 'wx00000000000000c1'
  simulator.addAccount({ appId, userName: 'gh_c1' })
  await until(
    'it is ready to write',
    async () => (await gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'queue' } })).status === 201,
  )
  const { body } = await gateway.call('PUT', '/subscriptions/ledger', { sink: { kind: 'stream' } })

  t.ok((await simulator.pushTicket()).ok)
  t.ok((await simulator.authorize(appId)).push?.ok)
  await until('it is authorized', async () => (await gateway.call('GET', `/authorizers/${appId}`)).body.nick_name)
  t.equal((await gateway.call('GET', `/access_token/${appId}?force=true`)).status, 200)
  t.equal((await gateway.call('GET', `/ticket/${appId}?type=jsapi`)).status, 200)
  t.ok((await simulator.sendText(appId, { openId: 'oUSER', content: 'x' })).ok)
  const types = await until('three events are in the stream', async () => {
    const entries = await redis.xrange(String(body.sink?.stream), '-', '+')
    return entries.length === 3 ? entries.map(([, fields]) => fields[3]) : undefined
  })
  t.same(new Set(types), new Set(['wechat.component.authorized', 'wechat.message.text', 'gateway.token.refreshed']))
  t.equal((await gateway.call('GET', '/events?type=wechat.message.*')).body.items?.length, 1)
  const { body: started } = await gateway.call('POST', '/authorizers/sync')
  await until(
    'the sync is done',
    async () => (await gateway.call('GET', `/authorizers/sync/${started.jobId}`)).body.status === 'completed',
  )
  t.equal((await gateway.call('DELETE', '/subscriptions/crm')).status, 204)
})
