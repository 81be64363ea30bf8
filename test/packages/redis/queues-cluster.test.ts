// Owns: that every script and transaction of the queues keeps to one hash slot. One node is enough: it refuses the others' slots too.
import { type DeliveryJob, DeliveryJobSchema } from '@wxgw/contracts'
import {
  createDeadLetters,
  createDeliveryQueue,
  createEventClaims,
  createEventLog,
  createJobQueue,
  createPushQueue,
  createSealedJobs,
  createInboxChoice,
  createQueues,
  createQueueWorker,
  createReplyMailbox,
  createSinkWriter,
  createSubscriptions,
  createSyncStates,
  deliveriesQueue,
  jobOptions,
  sinkQueue,
  sinkStream,
  UNSHARDED,
  waitingMessages,
} from '@wxgw/redis'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import t from 'tap'
import { Type } from 'typebox'
import { startCluster } from '../../helpers/redis-forms.ts'
import { startRedis } from '../../helpers/redis-server.ts'
import { until } from '../../helpers/until.ts'
import { collectLog, keys, makeEvent, now, parserOf, PLATFORM, sealer, shards, deliveryJob } from './queues-fixture.ts'

void t.test('everything works on Redis Cluster', async (t) => {
  const server = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
  t.teardown(() => server.stop())
  const node = new Redis(server.port)
  t.teardown(() => node.disconnect())
  await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('the cluster is up', async () => String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  const connect = (maxRetriesPerRequest: number | null) => {
    const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }], { redisOptions: { maxRetriesPerRequest } })
    t.teardown(() => cluster.disconnect())
    return cluster
  }
  const [redis, blocking, subscriber] = [connect(1), connect(null), connect(null)]
  const log = collectLog()
  const queues = createQueues({ connection: redis, log })
  t.teardown(() => queues.close())
  const events = createEventLog({ redis, shards, queues, eventLogSeconds: 60, maxEvents: 2 })
  const inboxes = createInboxChoice({ redis, count: UNSHARDED })
  const syncStates = createSyncStates({ platform: PLATFORM, redis, keys, queues })
  const sealedJobs = createSealedJobs({ platform: PLATFORM, sealer })
  const once = { platform: PLATFORM, queues, dedupeSeconds: 60 }
  const pushQueue = createPushQueue({ ...once, inboxes, shards, sealedJobs, events, eventLogSeconds: 60 })
  const jobs = createJobQueue(once)
  const stores = { platform: PLATFORM, platforms: [PLATFORM], redis, keys, sealer, queues, shards }
  const subscriptions = createSubscriptions({ ...stores, checkWebhookUrl: () => undefined })
  const deadLetters = createDeadLetters({ platform: PLATFORM, redis, queues, events })
  const deliveries = createDeliveryQueue({ queues, redis })

  const reply = { subscription: 'crm', deadlineAtMs: Date.now() + 60_000 }
  t.equal(await pushQueue.message(makeEvent('ev_1'), now(), reply), 'accepted')
  t.equal(await pushQueue.message(makeEvent('ev_1'), now(), reply), 'duplicate')
  t.equal(await pushQueue.message(makeEvent('ev_1'), now()), 'queued')
  const seconds = { dedupeSeconds: 60, eventLogSeconds: 60 }
  const claims = createEventClaims({ platform: PLATFORM, redis, shards, ...seconds, isLogged: false })
  const arrivals = ['job:0', 'job:1'].map((arrival) => ({ event: { id: 'ev_2' }, arrival, isOld: true }))
  t.same(await Promise.all(arrivals.map((arrival) => claims.claim(arrival))), [true, false])
  await Promise.all(arrivals.map((arrival) => claims.ended(arrival)))
  t.equal(await waitingMessages(redis, 1), 2)
  const { jobId } = await jobs.sync()
  const counts = { seen: 1, added: 0, repaired: 0, failed: 0 }
  await syncStates.save({ jobId, status: 'running', ...counts, startedAt: null, finishedAt: null, error: null })
  t.match(await syncStates.get(jobId), { status: 'running', seen: 1 })

  await subscriptions.put('crm', { sink: { kind: 'queue' } })
  t.equal((await subscriptions.all(0)).length, 1)
  await events.record(makeEvent('ev_0'), Date.now(), [])
  await events.record(makeEvent('ev_00'), Date.now(), [])
  const writes = [
    { subscription: 'crm', queue: sinkQueue(PLATFORM, 'crm') },
    { subscription: 'bi', stream: sinkStream(PLATFORM, 'bi'), maxLength: undefined },
  ]
  const staggered = Array.from({ length: 100 }, async (_, n) => {
    await delay(n)
    return events.record(makeEvent(`ev_early_${n}`), Date.now() - 1_000, ['crm', 'bi'], { writes })
  })
  t.same((await Promise.all(staggered)).flat(), [], 'the queue and the stream have slots of their own')
  const old = [{ subscription: 'old', stream: `wx:{${PLATFORM}}:stream:old`, maxLength: undefined }]
  t.same(await events.record(makeEvent('ev_1'), Date.now(), ['crm', 'old'], { writes: [...writes, ...old] }), ['old'])
  t.equal((await events.find({ limit: 10, cursor: undefined, type: 'wechat.*' })).items.length, 2)

  const job = deliveryJob('ev_1', { scheduleSeconds: [0, 0] })
  await deliveries.enqueueDelivery(job, { attemptsMade: 1, lastError: 'HTTP 500' })
  let runs = 0
  const worker = createQueueWorker<DeliveryJob>({
    connection: blocking,
    queue: deliveriesQueue(PLATFORM, 'crm'),
    concurrency: 1,
    parse: parserOf(DeliveryJobSchema),
    handle: async () => {
      runs += 1
      return runs < 3 ? { kind: 'retry', error: 'HTTP 500', delayMs: 0 } : { kind: 'done' }
    },
    log,
  })
  t.teardown(() => worker.close())
  await until(
    'it has failed',
    async () => (await deadLetters.list('crm', { limit: 1, cursor: undefined })).items.length === 1,
  )
  t.equal(await deadLetters.replay('crm'), 1)
  await until('it is delivered', () => runs === 3)

  const writer = createSinkWriter({ queues, redis })
  await writer.appendToStream({ stream: sinkStream(PLATFORM, 'crm'), fields: { id: 'ev_1' }, maxLength: 1 })
  const data = makeEvent('ev_1')
  await writer.addToConsumerQueue({ queue: sinkQueue(PLATFORM, 'crm'), jobId: 'ev_1', name: 'n', data })

  const mailbox = createReplyMailbox({ redis, subscriber, keys, shards, log })
  t.teardown(() => mailbox.close())
  const wait = mailbox.expect('ev_1', Date.now() + 5_000)
  await until('the reply is accepted', async () => (await mailbox.offer('ev_1', { a: 1 })) === 'accepted')
  t.same(await wait, { a: 1 })

  t.equal(await subscriptions.delete('crm'), true)
  const found = log.lines.filter(({ level }) => level === 'error')
  t.same(found, [])
})

void t.test('a worker resumes after a dead node even though its new connection is silent', async (t) => {
  const form = await startCluster({ masters: 1, nodeTimeoutMs: 30_000 })
  t.teardown(() => form.stop())
  const [server] = form.servers
  if (!server) throw new Error('no server')
  const nodes = [{ host: '127.0.0.1', port: server.port }]
  const options = { redisOptions: { maxRetriesPerRequest: null } }
  const connection = new Cluster(nodes, options)
  t.teardown(() => connection.disconnect())
  // Of the worker's blocking read. As ioredis does when the cluster is not well, it connects, and says so to nobody who waits.
  const own = new Cluster(nodes, options)
  const connect = own.connect.bind(own)
  own.connect = () => {
    connect().catch(() => undefined)
    return new Promise(() => undefined)
  }
  connection.duplicate = () => own
  const log = collectLog()
  const queues = createQueues({ connection, log })
  t.teardown(() => queues.close())
  let runs = 0
  const handle = async () => {
    runs += 1
    return { kind: 'done' } as const
  }
  const worker = createQueueWorker({
    connection,
    queue: '{wx-test}',
    concurrency: 1,
    parse: parserOf(Type.Object({})),
    handle,
    log,
  })
  t.teardown(() => worker.close())
  const add = () => queues.open('{wx-test}').add('test', {}, { ...jobOptions(3) })
  await add()
  await until('it works', () => runs === 1)
  const ended = once(own, 'end')
  process.kill(server.pid(), 'SIGSTOP')
  await ended.finally(() => process.kill(server.pid(), 'SIGCONT'))
  await add()
  await until('it works again', () => runs === 2)
})
