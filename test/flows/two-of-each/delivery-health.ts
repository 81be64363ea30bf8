// How the deliveries of a subscription go, over two workers: its stats, its breaker, and who is told that it fails.
import type { Test } from 'tap'
import { startHook } from '../../helpers/consumers.ts'
import type { Gateway } from '../../helpers/gateway.ts'
import { nameOf, pushText } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'

const APP = 'wx00000000000000d3'

export async function deliveryHealth(story: Test, gateway: Gateway): Promise<void> {
  const { call } = gateway
  const { put, remove, stats: statsOf } = subscriptionsOf(gateway)
  gateway.simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  let pushed = 0
  const push = () => pushText(gateway, { appId: APP, content: 'x', msgId: String((pushed += 1)) })
  const watcher = await startHook(story)
  await put('watcher', { match: { types: ['gateway.subscription.*'] }, sink: { kind: 'webhook', url: watcher.url } })
  const told = (type: string, name: string) =>
    watcher.received
      .map(({ event }) => event)
      .filter((event) => event.type === `gateway.subscription.${type}` && event.data['subscription'] === name)

  await story.test('of each kind of sink the stats say what was delivered', async (t) => {
    const hook = await startHook(t, () => ({ status: 500 }))
    const match = { types: ['wechat.*'] }
    await put('hook', {
      sink: { kind: 'webhook', url: hook.url },
      match,
      retry: { scheduleSeconds: [1] },
    })
    await put('queue', { sink: { kind: 'queue' }, match })
    await put('stream', { sink: { kind: 'stream' }, match })
    t.match((await call('GET', '/subscriptions/stream')).body, {
      sink: { maxLength: 100_000 },
      disableAfterSeconds: 432_000,
    })
    const none = {
      waiting: 0,
      oldestWaitingSeconds: null,
      inFlight: 0,
      delivered1h: 0,
      failed1h: 0,
      p50Ms: null,
      p95Ms: null,
      deadLetters: 0,
    }
    const silent = {
      deadLettersByReason: {},
      breaker: 'closed',
      failingSince: null,
      lastSuccessAt: null,
      lastError: null,
    }
    t.same(await statsOf('queue'), { ...none, ...silent })
    await push()
    await until('it is dead', async () => (await statsOf('hook'))['deadLetters'] === 1)
    t.match(await statsOf('hook'), {
      delivered1h: 0,
      failed1h: 2,
      breaker: 'closed',
      failingSince: /Z$/,
      lastSuccessAt: null,
      lastError: 'HTTP 500',
      deadLettersByReason: { 'HTTP 500': 1 },
    })
    const lines = () =>
      gateway.workers.flatMap(({ process }) => process.logLines().filter(({ msg }) => msg === 'delivery.dead'))
    await until('it is logged', () => lines().length === 1)
    t.match(lines(), [{ platform: 'open1', subscription: 'hook', attempts: 2, lastError: 'HTTP 500', eventId: String }])
    const metrics = await Promise.all(gateway.workers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
    t.match(metrics.join('\n'), /^wxgw_deliveries_dead_total\{.*subscription="hook".*\} 1$/mu)
    hook.answer = () => ({ status: 200 })
    await push()
    await until('it is delivered', async () => (await statsOf('hook'))['delivered1h'] === 1)
    t.match(await statsOf('hook'), { failed1h: 2, failingSince: null, lastSuccessAt: /Z$/, lastError: 'HTTP 500' })
    for (const name of ['queue', 'stream']) {
      await until('they are counted', async () => (await statsOf(name))['delivered1h'] === 2)
      t.match(await statsOf(name), { failed1h: 0, breaker: 'closed', lastSuccessAt: /Z$/, lastError: null })
    }
    t.equal((await call('GET', '/subscriptions/unknown/stats')).status, 404)
    await remove('hook', 'queue', 'stream')
  })

  await story.test(
    'one that fails is announced at 50 failures and at 100, once, to the others; then that it delivers again',
    async (t) => {
      let atOnce = 0
      let most = 0
      const hook = await startHook(t, async () => {
        most = Math.max(most, (atOnce += 1))
        await new Promise((resolve) => setTimeout(resolve, 5))
        atOnce -= 1
        return { status: 503 }
      })
      const retry = { scheduleSeconds: Array.from({ length: 20 }, () => 0) }
      await put('failing', { sink: { kind: 'webhook', url: hook.url }, retry })
      for (let index = 0; index < 30; index += 1) await push()
      await until('it is announced', () => told('failing', 'failing').length === 1)
      t.not((await statsOf('failing'))['breaker'], 'closed')
      most = 0
      await until('it is announced twice', () => told('failing', 'failing').length === 2)
      t.equal(most, 1, 'of both workers one attempt at a time')
      t.same(
        told('failing', 'failing').map(({ data }) => [data['failures'], data['lastError']]),
        [
          [50, 'HTTP 503'],
          [100, 'HTTP 503'],
        ],
      )
      t.match((await call('GET', '/events?type=gateway.subscription.failing')).body.items, [{}, {}])
      hook.answer = () => ({ status: 200 })
      await until('it is told', () => told('recovered', 'failing').length === 1)
      t.notOk(
        hook.received.some(({ event }) => event.type.startsWith('gateway.subscription.')),
        'it is not told of itself',
      )
      await until('it is closed', async () => (await statsOf('failing'))['breaker'] === 'closed')
      await remove('failing')
    },
  )

  await story.test(
    'each dead letter is announced to the others, ten a minute; one of an announcement is not',
    async (t) => {
      const dying = await startHook(t, () => ({ status: 500 }))
      const deaf = await startHook(t, () => ({ status: 500 }))
      const retry = { scheduleSeconds: [] }
      const all = { types: ['wechat.message.*', 'gateway.subscription.*'] }
      await put('dying', { sink: { kind: 'webhook', url: dying.url }, match: all, retry })
      await put('deaf', {
        sink: { kind: 'webhook', url: deaf.url },
        match: { types: ['gateway.subscription.dead_letter'] },
        retry,
      })
      for (let index = 0; index < 12; index += 1) await push()
      await until(
        'all are dead',
        async () => (await statsOf('dying'))['deadLetters'] === 12 && (await statsOf('deaf'))['deadLetters'] === 10,
      )
      await until('they are announced', () => told('dead_letter', 'dying').length === 10)
      t.match(told('dead_letter', 'dying')[0], {
        source: '/wx/open1',
        data: {
          subscription: 'dying',
          eventId: /^ev_/,
          eventType: 'wechat.message.text',
          attempts: 1,
          reason: 'HTTP 500',
          leftOut: 0,
        },
      })
      t.equal(new Set(told('dead_letter', 'dying').map(({ data }) => data['eventId'])).size, 10)
      t.same(
        [told('dead_letter', 'deaf'), dying.received.filter(({ event }) => event.type !== 'wechat.message.text')],
        [[], []],
      )
      t.equal(
        (await call('GET', '/events?type=gateway.subscription.dead_letter')).body.items?.length,
        11,
        'with that of hook, above',
      )
      await remove('dying', 'deaf')
    },
  )

  await story.test(
    'it is disabled after nothing but failures for disableAfterSeconds, and by one 410; that is told',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 500 }))
      const retry = { scheduleSeconds: [1, 1, 1, 3600] }
      await put('given-up', { sink: { kind: 'webhook', url: hook.url }, retry, disableAfterSeconds: 1 })
      await push()
      await until('it is told', () => told('disabled', 'given-up').length === 1)
      t.match(told('disabled', 'given-up')[0]?.data, { lastError: 'HTTP 500', since: /Z$/ })
      t.equal((await call('GET', '/subscriptions/given-up')).body.enabled, false)
      await until('it stands in the dead letters', async () => (await statsOf('given-up'))['deadLetters'] === 1)
      hook.answer = () => ({ status: 410 })
      await put('gone', { sink: { kind: 'webhook', url: hook.url } })
      await push()
      await until('it is told', () => told('disabled', 'gone').length === 1)
      t.match(told('disabled', 'gone')[0]?.data, { failures: 1, lastError: 'HTTP 410' })
    },
  )
  await remove('watcher', 'given-up', 'gone')
}
