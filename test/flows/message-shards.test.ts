// Owns: messages over several shards, on real processes: the main story on every number of shards and form of Redis, and
// what a dead worker, a dead master and another number do. Under load: test/chaos/scenarios/redis-forms.ts.
import { messageInbox, queueKey, SHARD_COUNT_KEY, shardKeys, shardOf } from '@wxgw/redis'
import t, { type Test } from 'tap'
import { ownerOf } from '../helpers/cluster-slots.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { startProcess } from '../helpers/process.ts'
import { nameOf, nowSeconds, pushText } from '../helpers/push-text.ts'
import { type RedisForm, startCluster } from '../helpers/redis-forms.ts'
import { until } from '../helpers/until.ts'

const SHARDS = 8
/** One or more in each shard. */
const APP_IDS = Array.from({ length: 24 }, (_, index) => `wx${String(index).padStart(16, '0')}`)

type Received = { id: string; authorizerappid: string; data: { Content: string } }

async function startShards(t: Test): Promise<{ form: RedisForm; gateway: Gateway; received(): Promise<Received[]> }> {
  // A master that is lost is to cost its own slots alone.
  const form = await startCluster({ args: ['--cluster-require-full-coverage', 'no'] })
  t.teardown(() => form.stop())
  const gateway = await startGateway({ form, workers: 2, env: { MESSAGE_SHARDS: String(SHARDS) } })
  t.teardown(() => gateway.stop())
  for (const appId of APP_IDS) gateway.simulator.addAccount({ appId, userName: nameOf(appId) })
  const subscribed = await until('it takes a subscription', async () => {
    const match = { types: ['wechat.message.*'] }
    const { body } = await gateway.call('PUT', '/subscriptions/bi', { match, sink: { kind: 'stream' } })
    return body.sink?.stream
  })
  const { owner } = await ownerOf(form, subscribed)
  const received = async () => {
    const entries = await form.client(owner).xrange(subscribed, '-', '+')
    return entries.map(([, fields]): Received => JSON.parse(fields[fields.indexOf('event') + 1] ?? ''))
  }
  return { form, gateway, received }
}

void t.test('messages over eight shards on a cluster of three masters', async (suite) => {
  const { form, gateway, received } = await startShards(suite)
  let count = 0

  /** One text for each account, all at once, as often as WeChat pushes; answers what those got that were not acknowledged. */
  async function pushAll(content: string) {
    const textFor = (appId: string) => ({
      appId,
      content,
      msgId: String((count += 1)),
      openId: `o${appId}`,
      attempts: 4,
    })
    const pushes = APP_IDS.map((appId) => pushText(gateway, textFor(appId)))
    return (await Promise.all(pushes))
      .map(({ attempts }) => attempts.at(-1))
      .filter((attempt) => attempt?.body !== 'success')
  }
  const untilReceived = (content: string) =>
    until(
      `all accounts' "${content}" are received`,
      async () => {
        const texts = (await received()).filter(({ data }) => data.Content === content)
        return new Set(texts.map(({ authorizerappid }) => authorizerappid)).size === APP_IDS.length
      },
      { timeoutMs: 30_000 },
    )

  await suite.test('each account is in the shard of its hash, and every master takes part', async (t) => {
    t.same(await pushAll('first'), [])
    await untilReceived('first')
    t.same(new Set(APP_IDS.map((appId) => shardOf(appId, SHARDS))).size, SHARDS, 'every shard has an account')
    const owners = new Set<unknown>()
    const misplaced: string[] = []
    for (const appId of APP_IDS) {
      const key = shardKeys('open1', shardOf(appId, SHARDS)).eventsOfAuthorizer(appId)
      const { owner } = await ownerOf(form, key)
      owners.add(owner)
      if ((await form.client(owner).zcard(key)) !== 1) misplaced.push(key)
    }
    t.same(misplaced, [])
    t.equal(owners.size, 3)
  })

  await suite.test(
    "an event is found by its id alone, in its account's list and in the list of all, newest first",
    async (t) => {
      await pushAll('second')
      await untilReceived('second')
      const pages: string[][] = []
      let cursor = ''
      do {
        const { body } = await gateway.call('GET', `/events?type=wechat.message.*&limit=7${cursor}`)
        pages.push((body.items ?? []).map(({ id }) => String(id)))
        cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : ''
      } while (cursor !== '' && pages.length < 20)
      const ids = pages.flat()
      t.same(ids.toSorted(), [...new Set((await received()).map(({ id }) => id))].toSorted(), 'each once')
      const found = await Promise.all(ids.map(async (id) => (await gateway.call('GET', `/events/${id}`)).body))
      t.same(
        found.map(({ id }) => id),
        ids,
      )
      const times = found.map(({ receivedAt = '' }) => receivedAt)
      t.same(times, times.toSorted().toReversed())
      t.same(
        new Set(found.flatMap(({ deliveries = [] }) => deliveries.map(({ status }) => status))),
        new Set(['delivered']),
      )
      const { body: own } = await gateway.call('GET', `/events?authorizer=${APP_IDS[3]}`)
      t.same(
        own.items?.map(({ event }) => event?.data['Content']),
        ['second', 'first'],
      )
    },
  )

  await suite.test('a push that comes again is dispatched once', async (t) => {
    const [appId = ''] = APP_IDS
    const again = { appId, content: 'again', msgId: '777', createTime: nowSeconds() }
    for (let times = 0; times < 5; times += 1)
      t.equal((await pushText(gateway, again)).attempts.at(-1)?.body, 'success')
    await pushAll('after again')
    await untilReceived('after again')
    t.equal((await received()).filter(({ data }) => data.Content === 'again').length, 1)
  })

  await suite.test('another number of shards stops the start, and says what to do', async (t) => {
    const env = { ...gateway.env, MESSAGE_SHARDS: '3', PUBLIC_PORT: '0', INTERNAL_PORT: '0', WORKER_PORT: '0' }
    const starts = ['ingress', 'worker'].map(async (app) => {
      const process = startProcess(`apps/${app}/dist/main.js`, env)
      await until('it has ended', () => process.child.exitCode !== null, { timeoutMs: 60_000 })
      t.equal(process.child.exitCode, 1, app)
      t.match(process.output(), /MESSAGE_SHARDS is 3.*MESSAGE_SHARDS=8.*set it to 8/)
    })
    await Promise.all(starts)
  })

  await suite.test('the inboxes of a dead worker are served by another', async (t) => {
    await gateway.workers[0]?.process.end('SIGKILL')
    t.same(await pushAll('one worker'), [])
    await untilReceived('one worker')
  })

  await suite.test(
    'with a master lost, pushes are acknowledged, and what was on their way comes when it is back',
    async (t) => {
      const { owner: ofPlatform } = await ownerOf(form, 'wx:{open1}:ticket')
      const { owner: ofStream } = await ownerOf(
        form,
        (await gateway.call('GET', '/subscriptions/bi')).body.sink?.stream ?? '',
      )
      const lost = form.servers.find((server) => server !== ofPlatform && server !== ofStream) ?? ofStream
      await pushAll('before')
      await untilReceived('before')
      t.equal((await ownerOf(form, SHARD_COUNT_KEY)).owner, lost)
      await lost.kill()
      t.same(await pushAll('while lost'), [], 'not one is lost')
      t.same(await pushAll('still lost'), [], 'not one is lost')
      const report = await (await fetch(`${gateway.internalUrl}/readyz`)).text()
      t.match(report, /"redis-writes","ok":true/, 'it is of use')
      t.match(report, /redis-inboxes: \d of 8 inboxes take no writes/)
      const at = gateway.ingresses.length
      await gateway.startIngress()
      const restarted = () =>
        pushText(gateway, { appId: APP_IDS[0] ?? '', content: 'to a new process', msgId: '888', at })
      await until('a process that starts now takes pushes', async () => (await restarted()).ok)
      await lost.start()
      await untilReceived('while lost')
      await untilReceived('still lost')
      await pushAll('whose owners are known')
      await untilReceived('whose owners are known')
      await ofPlatform.kill()
      t.same(await pushAll('without accounts'), [], 'whose they are is not asked')
      await ofPlatform.start()
      await untilReceived('without accounts')
      const inboxes = Array.from({ length: SHARDS }, (_, index) => queueKey(messageInbox(index), 'failed'))
      const failed = await Promise.all(
        inboxes.map(async (key) => form.client((await ownerOf(form, key)).owner).zcard(key)),
      )
      t.same(new Set(failed), new Set([0]), 'nothing has failed for good')
    },
  )
})
