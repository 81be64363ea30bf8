// Owns: WeChat's release check (全网发布检测) on real processes: all five groups, nothing dispatched, no code left in Redis.
import { TEST_GROUPS, textOf } from '@wxgw/simulator'
import type { Test } from 'tap'
import { startQueueConsumer } from '../../helpers/consumers.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'
import { dumpRedis } from '../../hostile/secret-search.ts'
import type { Stage } from './stage.ts'

export async function releaseCheck(story: Test, { gateway, redis }: Stage): Promise<void> {
  const { simulator } = gateway
  const { put, remove } = subscriptionsOf(gateway)
  simulator.configure({ attempts: 1 })
  await simulator.pushTicket()
  await put('all', { sink: { kind: 'queue' }, reply: true })
  const consumer = await startQueueConsumer(story, gateway, { subscription: 'all' })
  const codes: string[] = []

  for (const [index, { officialAccount }] of TEST_GROUPS.entries()) {
    await story.test(`passes with group ${index + 1}`, async (t) => {
      // With the code of the authorization, and with one of its own: WeChat does not say which it is.
      const report = await simulator.runReleaseCheck({
        group: index + 1,
        sameCode: index % 2 === 0,
        apiMessageTimeoutMs: 2_000,
      })
      t.ok(report.ok, JSON.stringify(report.steps.filter(({ ok }) => !ok)))
      t.ok(report.steps.length >= 8)
      const asked = simulator.pushes.filter(
        ({ xml, appId }) => appId === officialAccount.appId && xml.includes('QUERY_AUTH_CODE'),
      )
      for (const { attempts, xml } of asked) {
        t.equal(attempts[0]?.body, '', 'the answer to QUERY_AUTH_CODE is empty')
        codes.push(/QUERY_AUTH_CODE:(.+?)\]\]>/.exec(xml)?.[1] ?? '')
      }
    })
  }

  await story.test('what it answers reaches no consumer and no log', async (t) => {
    const { appId } = TEST_GROUPS[0]?.officialAccount ?? { appId: '' }
    await simulator.sendText(appId, { openId: 'oUSER', content: 'an ordinary word' })
    await until('an ordinary message of a test account is dispatched', () =>
      consumer.received.find(({ type }) => type === 'wechat.message.text'),
    )
    const types = new Set(
      consumer.received.filter(({ authorizerappid }) => authorizerappid !== undefined).map(({ type }) => type),
    )
    t.notOk(types.has('wechat.event.location'))
    t.same(
      consumer.received.filter(({ type }) => type === 'wechat.message.text').map(({ data }) => data['Content']),
      ['an ordinary word'],
    )
    const { body } = await gateway.call('GET', `/events?type=wechat.message.*&authorizer=${appId}`)
    t.equal(body.items?.length, 1)
  })

  await story.test('its codes stand nowhere in Redis', async (t) => {
    t.equal(codes.length, 5)
    t.notOk(codes.includes(''))
    const kept = JSON.stringify(await dumpRedis(redis))
    for (const code of codes) t.notOk(kept.includes(code))
  })

  await story.test('for everybody else it is a message like any other', async (t) => {
    const appId = 'wx00000000000000c1'
    simulator.addAccount({ appId, userName: 'gh_0000000000c1' })
    const before = consumer.received.length
    const pushed = await simulator.sendText(appId, { openId: 'oUSER', content: 'TESTCOMPONENT_MSG_TYPE_TEXT' })
    t.equal(pushed.reply && textOf(pushed.reply.fields, 'Content'), undefined)
    await until('it is dispatched', () => consumer.received.length > before)
  })
  await remove('all')
}
