// Metrics, statistics and stats of real processes: against a ledger that is kept outside, and against the documentation.
import { queueKey } from '@wxgw/redis'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { startHook, startQueueConsumer } from '../../helpers/consumers.ts'
import { projectText, section, tableRows } from '../../helpers/docs.ts'
import type { Gateway } from '../../helpers/gateway.ts'
import { scrape, sumOf } from '../../helpers/prometheus.ts'
import { nameOf, nowSeconds, pushText } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'

const APP = 'wx00000000000000d7'
const OTHER_APP = 'wx00000000000000d8'
/** Only with INGRESS_PROCESSES (ingress-processes.long.ts) and SPOOL_DIR. */
const ELSEWHERE = ['wxgw_ingress_processes', 'wxgw_ingress_restarts_total', 'wxgw_spool_bytes']
const NOT_OURS = ['process', 'slot', 'le']

/** Ends every process. */
export async function metrics(story: Test, gateway: Gateway): Promise<void> {
  const { simulator, call } = gateway
  const { put, remove, stats: statsOf } = subscriptionsOf(gateway)
  for (const appId of [APP, OTHER_APP]) simulator.addAccount({ appId, userName: nameOf(appId) })
  await simulator.authorize(APP)
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())
  const createTime = nowSeconds()
  /** Through the second ingress. */
  const push = (content: string, number: number) =>
    pushText(gateway, { appId: APP, content, msgId: String(number), createTime, at: 1 })
  const urls = [...gateway.ingresses.map(({ internalUrl }) => internalUrl), ...gateway.workers.map(({ url }) => url)]
  const all = async () => (await scrape(urls)).series
  /** All workers show the same. */
  const gathered = async (name: string, labels: Record<string, string>) =>
    sumOf((await scrape(urls.slice(-1))).series, name, labels)

  await story.test('what is gathered says what waits, where nobody works, and how the subscriptions are', async (t) => {
    const match = { authorizers: [OTHER_APP] }
    await put('alone', { sink: { kind: 'queue' }, match })
    await put('kept', { sink: { kind: 'webhook', url: 'https://crm.example/' }, match })
    await put('off', { sink: { kind: 'stream' }, match, enabled: false })
    await put('long', { sink: { kind: 'stream' }, match })
    await put('retrying', { sink: { kind: 'queue' }, match: { types: ['none'] } })
    const consumers = new Queue(String((await call('GET', '/subscriptions/retrying')).body.sink?.queue), {
      connection: { url: gateway.redis.url },
    })
    t.teardown(() => consumers.close())
    await consumers.add('later', {}, { delay: 3_600_000 })
    for (const kind of ['queue', 'stream']) {
      await put(`no-${kind}`, { sink: { kind }, match: { types: ['none'] } })
      const { sink } = (await call('GET', `/subscriptions/no-${kind}`)).body
      await redis.set(
        kind === 'queue' ? queueKey(String(sink?.queue), 'wait') : String(sink?.stream),
        'by its consumer',
      )
    }
    await call('PATCH', '/subscriptions/kept', { paused: true })
    for (const msgId of ['1', '2', '3']) await pushText(gateway, { appId: OTHER_APP, content: 'x', msgId })
    await until(
      'it is gathered',
      async () => (await gathered('wxgw_deliveries_waiting', { subscription: 'kept' })) === 3,
    )
    t.equal(await gathered('wxgw_consumer_waiting', { subscription: 'alone' }), 3)
    t.equal(await gathered('wxgw_consumer_in_flight', { subscription: 'alone' }), 0)
    t.ok((await gathered('wxgw_consumer_oldest_waiting_seconds', { subscription: 'alone' })) > 0)
    t.equal(await gathered('wxgw_stream_length', { subscription: 'long' }), 3)
    t.equal(await gathered('wxgw_consumer_waiting', { subscription: 'retrying' }), 1)
    t.equal(await gathered('wxgw_consumer_oldest_waiting_seconds', { subscription: 'retrying' }), 0, 'not due yet')
    const states = await Promise.all(
      ['enabled', 'paused', 'disabled', 'failing'].map((state) => gathered('wxgw_subscriptions', { state })),
    )
    t.same(states, [5, 1, 1, 0], 'also of those whose consumer made its key unreadable')
    t.equal(await gathered('wxgw_event_log_full', { platform: 'open1' }), 0)
    t.equal(await gathered('wxgw_queue_waiting', { queue: 'wx-messages.0' }), 0)
    // An alert waits for the first of each, and sees only what is there before.
    const series = await all()
    const processesWith = (name: string, label: string, value: string) =>
      series.filter((one) => one.name === name && one.labels[label] === value).length
    t.equal(processesWith('wxgw_deliveries_dead_total', 'subscription', 'alone'), gateway.workers.length)
    t.equal(processesWith('wxgw_subscriptions_announced_total', 'kind', 'disabled'), gateway.workers.length)
    t.equal(processesWith('wxgw_token_refresh_failing_total', 'streak', '10'), urls.length)
    await remove('alone', 'kept', 'off', 'long', 'retrying', 'no-queue', 'no-stream')
  })

  await story.test('a reply that comes in time and one that does not are told apart', async (t) => {
    const hook = await startHook(t, ({ data }) => ({
      status: 200,
      body: { reply: { MsgType: 'text', Content: String(data['Content']) } },
    }))
    await put('bot', { sink: { kind: 'webhook', url: hook.url }, match: { authorizers: [APP] }, reply: true })
    const accepted = async () => sumOf(await all(), 'wxgw_replies_total', { outcome: 'accepted' })
    const before = await accepted()
    t.ok((await push('hello', 1_001)).reply)
    t.equal(sumOf(await all(), 'wxgw_replies_awaited_total', { subscription: 'bot', outcome: 'in_time' }), 1)
    await until('the offer is counted', async () => (await accepted()) === before + 1)
    await remove('bot')
    t.equal((await call('GET', `/access_token/${APP}?force=true`)).status, 200)
    const ingress = (await scrape([gateway.internalUrl])).series
    t.ok(
      sumOf(ingress, 'wxgw_token_refreshes_total', { kind: 'authorizer', outcome: 'refreshed' }) > 0,
      'a refresh on read',
    )
  })

  await story.test('docs/operations.md has every metric with its labels, and no other', async (t) => {
    const rows = tableRows(section(projectText('docs/operations.md'), '## Metrics and log')).filter(([name = '']) =>
      name.startsWith('`wxgw_'),
    )
    const documented = new Map(rows.map(([name = '', labels = '']) => [name.slice(1, -1), labels.replaceAll('`', '')]))
    const { text, series } = await scrape(urls)
    const served = new Set([...text.matchAll(/^# TYPE (wxgw_\w+) /gm)].map(([, name = '']) => name))
    t.same([...documented.keys()].toSorted(), [...served, ...ELSEWHERE].toSorted())
    for (const { name, labels } of series.filter((one) => one.name.startsWith('wxgw_'))) {
      const metric = served.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
      const own = Object.keys(labels).filter((label) => !NOT_OURS.includes(label))
      const known =
        documented
          .get(metric)
          ?.split(', ')
          .filter((label) => label !== '') ?? []
      if (own.toSorted().join() !== known.toSorted().join()) t.fail(`${name} has the labels ${own.join(', ')}`)
      if (Object.values(labels).some((value) => /^(wx[0-9a-f]{16}|o[A-Za-z0-9_-]{20,})$/.test(value)))
        t.fail(`${name} has an id`)
    }
  })

  await story.test('what a ledger of the consumers says, metrics, stats and statistics say, too', async (t) => {
    const ledger = { attempts: 0, delivered: 0, failed: 0 }
    /** Fails twice, and some events for ever. */
    const flaky = await startHook(t, (event) => {
      ledger.attempts += 1
      const isDelivered = event.data['Content'] !== 'dead' && flaky.of(event.id) > 2
      ledger[isDelivered ? 'delivered' : 'failed'] += 1
      return { status: isDelivered ? 204 : 500 }
    })
    const before = await all()
    const since = (series: Awaited<ReturnType<typeof all>>, what: string) =>
      sumOf(series, 'wxgw_statistics_total', { what }) - sumOf(before, 'wxgw_statistics_total', { what })
    const match = { types: ['wechat.message.*'] }
    await put('flaky', { sink: { kind: 'webhook', url: flaky.url }, match, retry: { scheduleSeconds: [0, 0] } })
    await put('queue', { sink: { kind: 'queue' }, match })
    await put('stream', { sink: { kind: 'stream' }, match })
    const consumer = await startQueueConsumer(t, gateway, { subscription: 'queue' })
    const [events, dead, repeated] = [20, 4, 5]
    for (let number = 0; number < events; number += 1) {
      const content = number % 5 === 0 ? 'dead' : 'x'
      await push(content, number)
      if (number % 4 === 0) await push(content, number)
    }
    const isOver = async () => ledger.delivered === events - dead && (await statsOf('flaky')).deadLetters === dead
    await until('all is over', async () => (await isOver()) && consumer.received.length === events)
    t.same(ledger, { attempts: 3 * events, delivered: events - dead, failed: 2 * (events - dead) + 3 * dead })

    const series = await until('each is counted', async () => {
      const found = await all()
      return since(found, 'duplicates') === repeated && since(found, 'dead') === dead ? found : undefined
    })
    for (const outcome of ['delivered', 'failed'] as const) {
      t.equal(sumOf(series, 'wxgw_delivery_attempts_total', { subscription: 'flaky', outcome }), ledger[outcome])
    }
    for (const subscription of ['queue', 'stream']) {
      t.equal(sumOf(series, 'wxgw_delivery_attempts_total', { subscription, outcome: 'delivered' }), events)
    }
    t.equal(sumOf(series, 'wxgw_delivery_attempt_seconds_count', { subscription: 'flaky' }), ledger.attempts)
    t.equal(sumOf(series, 'wxgw_deliveries_dead_total', { subscription: 'flaky' }), dead)
    const expected = {
      pushes: events + repeated,
      duplicates: repeated,
      delivered: ledger.delivered + 2 * events,
      failed: ledger.failed,
      dead,
    }
    t.same(Object.fromEntries(Object.keys(expected).map((what) => [what, since(series, what)])), expected, 'metrics')
    await until('the stats have it', async () => (await statsOf('flaky')).delivered1h === ledger.delivered)
    t.match(await statsOf('flaky'), { delivered1h: ledger.delivered, failed1h: ledger.failed, deadLetters: dead })

    const totals = Object.fromEntries(
      Object.keys(expected).map((what) => [what, sumOf(series, 'wxgw_statistics_total', { what })]),
    )
    // A process that ends hands over what it has counted.
    const ending = [...gateway.ingresses, ...gateway.workers]
    await Promise.all(ending.map(({ process }) => process.end('SIGTERM')))
    const { internalUrl } = await gateway.startIngress()
    const answer = await fetch(`${internalUrl}/apis/v1/wx/open1/statistics`, { headers: gateway.auth })
    const { items }: { items: Array<Record<string, number>> } = JSON.parse(await answer.text())
    for (const [what, total] of Object.entries(totals)) {
      t.equal(
        items.reduce((sum, minute) => sum + Number(minute[what]), 0),
        total,
        `statistics: ${what}`,
      )
    }
  })
}
