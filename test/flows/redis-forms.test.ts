// Owns: the main story on forms of Redis that are more than one plain server. Which settings lead to a connection in which
// form: packages/redis/connect.test.ts. All forms, and faults under load: test/chaos/scenarios/redis-forms.ts.
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { type RedisForm, startCluster, startSentinels } from '../helpers/redis-forms.ts'
import { until } from '../helpers/until.ts'

const APPID = 'wx00000000000000c1'

const EVENT_TYPES = ['wechat.component.authorized', 'wechat.message.text', 'gateway.token.refreshed']

const FORMS: Record<string, () => Promise<RedisForm>> = {
  'sentinels by TLS, with a password of their own': () =>
    startSentinels({ tls: true, password: 'a-password', sentinelPassword: 'another' }),
  'a cluster of three masters by TLS': () => startCluster({ tls: true, password: 'a-password' }),
}

t.jobs = 2

for (const [name, start] of Object.entries(FORMS)) {
  void t.test(`a push reaches its consumer and tokens are refreshed on ${name}`, { buffered: true }, async (t) => {
    const form = await start()
    t.teardown(() => form.stop())
    const gateway = await startGateway({ form })
    t.teardown(() => gateway.stop())
    const { simulator } = gateway
    simulator.addAccount({ appId: APPID, userName: 'gh_c1' })
    const put = () => gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'stream' } })
    const { body } = await until('it takes a subscription', async () => {
      const answer = await put()
      return answer.status < 300 ? answer : undefined
    })
    t.ok((await simulator.pushTicket()).ok)
    t.ok((await simulator.authorize(APPID)).push?.ok)
    await until('there is a token', async () => (await gateway.call('GET', `/access_token/${APPID}`)).body.token)
    t.equal((await gateway.call('GET', `/access_token/${APPID}?force=true`)).status, 200)
    t.ok((await simulator.sendText(APPID, { openId: 'oUSER', content: 'x' })).ok)
    await until('each event is delivered', async () => {
      const { items = [] } = (await gateway.call('GET', '/events')).body
      const delivered = items.filter(({ deliveries }) => deliveries?.every(({ status }) => status === 'delivered'))
      return EVENT_TYPES.every((type) => delivered.some((event) => event.type === type))
    })
    t.ok(body.sink?.stream)
  })
}
