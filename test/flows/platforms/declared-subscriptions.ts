// Owns: subscriptions of CONFIG_FILE through the running gateway: over restarts and by the API. What a process does with its file
// while it runs: packages/platform/keep-declared.test.ts.
import type { Test } from 'tap'
import { authorizeAccount } from '../../helpers/stack.ts'
import { until } from '../../helpers/until.ts'
import type { Stage } from './stage.ts'

const APPID = 'wx00000000000000c1'

/** Begins without a subscription, and leaves one that is disabled. */
export async function declaredSubscriptions(t: Test, { gateway, declare }: Stage): Promise<void> {
  const { simulator, call } = gateway
  const warnings = async () => {
    const { warnings: said } = (await (await fetch(`${gateway.internalUrl}/readyz`)).json()) as { warnings: string[] }
    return said.filter((warning) => warning.startsWith('subscriptions-open1'))
  }
  await authorizeAccount(call, { simulator, account: { appId: APPID, userName: 'gh_c1' } })

  await t.test('messages that reach nobody are warned about and counted', async (t) => {
    t.same(await warnings(), [])
    // A push that comes before the ingress has read the subscriptions is not noted.
    const [warning] = await until(
      'it is said',
      async () => {
        t.ok((await simulator.sendText(APPID, { openId: 'oUSER', content: 'x' })).ok)
        const said = await warnings()
        return said.length > 0 ? said : undefined
      },
      { everyMs: 200 },
    )
    t.match(warning, /subscriptions-open1: .*no enabled subscription/)
    const counted = async () =>
      /wxgw_events_without_subscription_total\{.*platform="open1".*\} [1-9]/.test(
        await (await fetch(`${gateway.workers[0]?.url}/metrics`)).text(),
      )
    t.ok(await until('it is counted', counted))
  })

  await t.test('a start applies the file', async (t) => {
    await declare(['crm'])
    await gateway.startWorker()
    await until('it is there', async () => (await call('GET', '/subscriptions/crm')).body.enabled === true)
    t.match((await call('GET', '/subscriptions/crm')).body, { declared: true })
    t.equal((await call('PUT', '/subscriptions/crm', { sink: { kind: 'queue' } })).body.code, 'SUBSCRIPTION_DECLARED')
    t.equal((await call('DELETE', '/subscriptions/crm')).status, 409)
    t.same(await warnings(), [])
  })

  await t.test('PATCH disables it, also after a restart; nobody else is changed by it', async (t) => {
    t.equal((await call('PATCH', '/subscriptions/crm', { enabled: false })).body.enabled, false)
    t.equal((await call('PATCH', '/subscriptions/gone', { enabled: false })).status, 404)
    t.equal((await call('PATCH', '/subscriptions/crm', { enabled: 'no' })).status, 400)
    const restarted = await gateway.startWorker()
    await until('it has started', () => restarted.process.logLines().some(({ msg }) => msg === 'process.started'))
    t.equal((await call('GET', '/subscriptions/crm')).body.enabled, false)
  })
}
