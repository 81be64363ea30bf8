// Owns: that the settings lead to a connection in each form of Redis: TLS, client certificates, passwords, of the sentinels, too.
import { connectRedis } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { type RedisForm, startSentinels, startStandalone } from '../../helpers/redis-forms.ts'
import { until } from '../../helpers/until.ts'
import { COMPLETE } from '../runtime/settings-for-tests.ts'

const user = { name: 'app', rights: ['~*', '&*', '+@all'] }

const FORMS: Record<string, () => Promise<RedisForm>> = {
  'one server by TLS with client certificates and a password': () => startStandalone({ clientCertificates: true, password: 'a-password' }),
  'one server with an ACL user': () => startStandalone({ password: 'a-password', user }),
  'sentinels without a password before servers with an ACL user': () => startSentinels({ password: 'a-password', user, sentinels: 1 }),
  'sentinels with the password of the servers': () => startSentinels({ password: 'same', sentinelPassword: 'same', sentinels: 1 }),
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
