// Owns: what is taken into the queues: once, sealed, and only when Redis has it.
import { ComponentEventJobSchema, type FanOutJob, FanOutJobSchema } from '@wxgw/contracts'
import {
  COMPONENT_EVENTS_QUEUE,
  createEventLog,
  createJobQueue,
  createPushQueue,
  createQueueWorker,
  createSealedJobs,
  createSyncStates,
  type EventLog,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  NO_EVENT_LOG,
  PLATFORM_EVENTS_QUEUE,
} from '@wxgw/redis'
import { GatewayError, parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'
import {
  APP_ID,
  dump,
  keys,
  makeEvent,
  now,
  parserOf,
  PLATFORM,
  sealer,
  shards,
  startStore,
  type Store,
} from './queues-fixture.ts'

/** Of a push that waits: such a message is de-duplicated at once. */
const REPLY = { subscription: 'crm', deadlineAtMs: Date.now() + 60_000 }
const TICKET = '<xml><ComponentVerifyTicket>ticket@@@CANARY-ticket</ComponentVerifyTicket></xml>'

type Remembering = {
  platform?: string
  dedupeSeconds?: number
  eventLogSeconds?: number
  events?: Pick<EventLog, 'has'>
}

function openQueues({ queues, inboxes, commands }: Store, options: Remembering = {}) {
  const { platform = PLATFORM, dedupeSeconds = 3600, eventLogSeconds = 86_400, events = NO_EVENT_LOG } = options
  const syncStates = createSyncStates({ platform, redis: commands, keys, queues })
  const sealedJobs = createSealedJobs({ platform, sealer })
  const pushQueue = createPushQueue({
    platform,
    queues,
    inboxes,
    shards,
    sealedJobs,
    events,
    dedupeSeconds,
    eventLogSeconds,
  })
  return { pushQueue, jobs: createJobQueue({ platform, queues, dedupeSeconds }), sealedJobs, syncStates }
}

async function startQueues(t: Test, options: Remembering = {}) {
  const store = await startStore(t)
  return { store, ...openQueues(store, options) }
}

void t.test('a thousand parallel pushes of one message that await a reply are one job', async (t) => {
  const { store, pushQueue } = await startQueues(t)
  const answers = await Promise.all(
    Array.from({ length: 1000 }, () => pushQueue.message(makeEvent('ev_1'), now(), REPLY)),
  )
  t.equal(answers.filter((answer) => answer === 'accepted').length, 1)
  t.equal(answers.filter((answer) => answer === 'duplicate').length, 999)
  t.equal(await store.queues.open(MESSAGES_QUEUE).count(), 1)
})

void t.test('messages without reply share batches, old ones marked, to be deduplicated when recorded', async (t) => {
  const { store, pushQueue } = await startQueues(t)
  const hourAgo = Date.now() - 3_600_001
  const arrivals = [
    now(),
    { ...now(), made: hourAgo },
    { ...now(), made: 'unknown' as const },
    { ...now(), made: 'ordered' as const },
  ]
  const answers = await Promise.all(arrivals.map((arrival) => pushQueue.message(makeEvent('ev_1'), arrival)))
  t.same(answers, ['queued', 'queued', 'queued', 'queued'])
  const jobs = await store.queues.open(messageInbox(0)).getWaiting()
  const found = jobs.map(({ data }) => data.events.map(({ isOld }: { isOld?: true }) => isOld))
  t.same(found, [[undefined, true, true, undefined]])
  t.same(await store.commands.keys('bull:*:de:*'), [])
})

void t.test('a push is a duplicate although its job is done and removed, until the time is over', async (t) => {
  const { store, pushQueue } = await startQueues(t, { dedupeSeconds: 1 })
  const handled: string[] = []
  const worker = createQueueWorker<FanOutJob>({
    connection: store.blocking,
    queue: MESSAGES_QUEUE,
    concurrency: 10,
    parse: parserOf(FanOutJobSchema),
    handle: async ({ event }) => {
      handled.push(event.id)
      return { kind: 'done' }
    },
    log: store.log,
  })
  t.teardown(() => worker.close())
  t.equal(await pushQueue.message(makeEvent('ev_1'), now(), REPLY), 'accepted')
  await until('the job is removed', async () => (await store.commands.keys(`bull:${MESSAGES_QUEUE}:f*`)).length === 0)
  t.equal(await pushQueue.message(makeEvent('ev_1'), now(), REPLY), 'duplicate')
  t.same(handled, ['ev_1'])
  await until(
    'the push is forgotten',
    async () => (await pushQueue.message(makeEvent('ev_1'), now(), REPLY)) === 'accepted',
  )
})

void t.test('a push older than DEDUPE_SECONDS is taken once and remembered as long as the log', async (t) => {
  const store = await startStore(t)
  const log = createEventLog({ redis: store.commands, shards, eventLogSeconds: 86_400 })
  const old = () => ({ receivedAtMs: Date.now(), made: Date.now() - 3_600_001 })
  const lives: Record<string, number> = {}
  for (const [at, events] of [NO_EVENT_LOG, log].entries()) {
    const { pushQueue } = openQueues(store, { events })
    const id = `ev_old${at}`
    const answers = await Promise.all([1, 2, 3].map(() => pushQueue.message(makeEvent(id), old(), REPLY)))
    t.same(answers.toSorted(), ['accepted', 'duplicate', 'duplicate'])
    t.equal(
      await pushQueue.message(makeEvent(`ev_unknown${at}`), { receivedAtMs: Date.now(), made: 'unknown' }, REPLY),
      'accepted',
      'nor can one without a time be told from it',
    )
    t.equal(await pushQueue.message(makeEvent(`ev_new${at}`), now(), REPLY), 'accepted')
    const component = { eventId: `ev_c${at}`, plaintext: TICKET, ...old() }
    const found = [await pushQueue.componentEvent(component), await pushQueue.componentEvent(component)]
    t.same(found, ['accepted', 'duplicate'])
    t.equal(await pushQueue.componentEvent({ ...component, eventId: `ev_t${at}`, made: 'ordered' }), 'accepted')
  }
  for (const key of await store.commands.keys('bull:*:de:*'))
    lives[key.replace(/^.*\.ev_/, '')] = await store.commands.ttl(key)
  const long = Object.keys(lives).filter((name) => (lives[name] ?? 0) > 3_600)
  t.same(long.toSorted(), ['c0', 'c1', 'old0', 'old1', 'unknown0', 'unknown1'])
})

void t.test('an event in the log is a duplicate at any age; a timely one while its key lives', async (t) => {
  const store = await startStore(t)
  const events = createEventLog({ redis: store.commands, shards, eventLogSeconds: 60 })
  const { pushQueue } = openQueues(store, { events })
  const old = { receivedAtMs: Date.now(), made: Date.now() - 7_200_000 }
  await events.record(makeEvent('ev_logged'), Date.now(), [])
  t.equal(await pushQueue.message(makeEvent('ev_logged'), old, REPLY), 'duplicate')
  t.equal(await pushQueue.message(makeEvent('ev_logged'), { ...old, made: 'unknown' }, REPLY), 'duplicate')
  t.equal(await pushQueue.message(makeEvent('ev_1'), now(), REPLY), 'accepted')
  t.equal(await pushQueue.message(makeEvent('ev_1'), old, REPLY), 'duplicate')
})

void t.test('an old push that the store did not take is not remembered', async (t) => {
  const { store, pushQueue } = await startQueues(t)
  const old = { receivedAtMs: Date.now(), made: Date.now() - 7_200_000 }
  await store.commands.config('SET', 'maxmemory', '1')
  await t.rejects(pushQueue.message(makeEvent('ev_1'), old, REPLY), { code: 'STORE_UNAVAILABLE' })
  t.same(await store.commands.keys('bull:*:de:*'), [])
  await store.commands.config('SET', 'maxmemory', '0')
  t.equal(await pushQueue.message(makeEvent('ev_1'), old, REPLY), 'accepted')
})

void t.test('the same id on another platform, of another kind, or for another receiver is no duplicate', async (t) => {
  const { store, pushQueue, jobs } = await startQueues(t)
  const other = openQueues(store, { platform: 'open2' })
  const event = makeEvent('ev_1')
  t.equal(await jobs.platformEvent(event), 'accepted')
  t.equal(await other.jobs.platformEvent(event), 'accepted')
  t.equal(await pushQueue.message(event, now(), REPLY), 'accepted')
  t.equal(await jobs.platformEvent(event, { only: 'crm' }), 'accepted')
  t.equal(await jobs.platformEvent(event, { replay: 'r1' }), 'accepted')
  t.equal(await jobs.platformEvent(event, { replay: 'r1' }), 'duplicate')
  await jobs.replay(event, Date.now())
  await jobs.replay(event, Date.now())
  t.equal(await store.queues.open(PLATFORM_EVENTS_QUEUE).count(), 6)
})

void t.test('a component event stands in Redis sealed, and the worker opens it', async (t) => {
  const { store, pushQueue, sealedJobs } = await startQueues(t)
  const found = await pushQueue.componentEvent({ eventId: 'ev_t', plaintext: TICKET, receivedAtMs: 5, made: 'ordered' })
  t.equal(found, 'accepted')
  const shown = await pushQueue.componentEvent({ eventId: 'ev_t', plaintext: TICKET, receivedAtMs: 6, made: 'ordered' })
  t.equal(shown, 'duplicate')
  t.notMatch(await dump(store.commands), /CANARY/)
  const [job] = await store.queues.open(COMPONENT_EVENTS_QUEUE).getWaiting()
  const data = parserOf(ComponentEventJobSchema)(job?.data)
  t.ok(data)
  if (data) t.equal(sealedJobs.openComponentEvent(data), TICKET)
})

void t.test('the code of a release check stands in Redis sealed', async (t) => {
  const { store, pushQueue, sealedJobs } = await startQueues(t)
  const appId = parseAuthorizerAppId(APP_ID)
  if (!appId) throw new Error('no appid')
  const check = {
    eventId: 'ev_c',
    appId,
    openId: 'oOPENID',
    code: new Secret('queryauthcode@@@CANARY'),
    receivedAtMs: 1,
    made: 'ordered' as const,
  }
  await pushQueue.releaseCheck(check)
  await pushQueue.releaseCheck(check)
  t.notMatch(await dump(store.commands), /CANARY/)
  const jobs = await store.queues.open(COMPONENT_EVENTS_QUEUE).getWaiting()
  t.equal(jobs.length, 1)
  t.equal(sealedJobs.openReleaseCheckCode(jobs[0]?.data).reveal(), 'queryauthcode@@@CANARY')
})

void t.test('a profile nobody waits for is requested once; one that an event waits for is kept', async (t) => {
  const { store, jobs } = await startQueues(t)
  const appId = parseAuthorizerAppId(APP_ID)
  if (!appId) throw new Error('no appid')
  await Promise.all([jobs.profileWanted(appId), jobs.profileWanted(appId), jobs.profileWanted(appId)])
  for (const id of ['ev_a', 'ev_b', 'ev_b']) await jobs.profileWanted(appId, { event: makeEvent(id), receivedAtMs: 1 })
  t.equal(await store.queues.open(COMPONENT_EVENTS_QUEUE).count(), 3)
})

void t.test('a continued exchange is one job beside that of its event, however often requested', async (t) => {
  const { store, pushQueue, jobs, sealedJobs } = await startQueues(t)
  const queue = store.queues.open(COMPONENT_EVENTS_QUEUE)
  await pushQueue.componentEvent({ eventId: 'ev_1', plaintext: '<xml/>', receivedAtMs: 1, made: 'ordered' })
  const [pushed] = await queue.getWaiting()
  for (let time = 0; time < 3; time += 1) await jobs.exchangeWanted(pushed?.data)
  const waiting = await queue.getWaiting()
  t.equal(waiting.length, 2)
  t.match(waiting.find(({ data }) => data.announced === true)?.data, { eventId: 'ev_1', receivedAtMs: 1 })
  t.ok(waiting.every(({ data }) => sealedJobs.openComponentEvent(data) === '<xml/>'))
})

void t.test('whoever asks for a sync while one is under way is given that one', async (t) => {
  const { store, jobs, syncStates } = await startQueues(t)
  const [first, second] = await Promise.all([jobs.sync(), jobs.sync()])
  t.equal(first?.jobId, second?.jobId)
  const jobId = first?.jobId ?? ''
  t.match(await syncStates.get(jobId), { jobId, status: 'waiting', seen: 0, startedAt: null })
  const state = {
    jobId,
    status: 'running',
    seen: 7,
    added: 1,
    repaired: 2,
    failed: 0,
    startedAt: '2026-01-01T00:00:00.000Z',
  } as const
  await syncStates.save({ ...state, finishedAt: null, error: null })
  t.same(await syncStates.get(jobId), { ...state, finishedAt: null, error: null })
  t.ok((await store.commands.ttl(keys.sync(jobId))) > 6 * 24 * 3600)
  t.equal(await syncStates.get('sync-00000000-0000-0000-0000-000000000000'), undefined)
  t.equal(await syncStates.get('*'), undefined)

  await store.queues.open(MAINTENANCE_QUEUE).remove(jobId)
  t.not((await jobs.sync()).jobId, jobId, 'once it is over, a new one begins')
})

void t.test('with Redis gone every enqueue rejects at once, and works again when it is back', async (t) => {
  const { store, pushQueue, jobs } = await startQueues(t)
  await store.server.kill()
  const elapsedMs = startStopwatch()
  await t.rejects(pushQueue.message(makeEvent('ev_1'), now()), { code: 'STORE_UNAVAILABLE', retry: true })
  await t.rejects(
    pushQueue.componentEvent({ eventId: 'ev_t', plaintext: TICKET, receivedAtMs: 1, made: 'ordered' as const }),
    { code: 'STORE_UNAVAILABLE' },
  )
  await t.rejects(jobs.sync(), { code: 'STORE_UNAVAILABLE' })
  t.ok(elapsedMs() < 1_500)
  await store.server.start()
  await until('the queue takes again', () => pushQueue.message(makeEvent('ev_1'), now()).catch(() => undefined))
})

void t.test('a queue opened before Redis is there neither crashes nor waits', async (t) => {
  const store = await startStore(t)
  await store.server.kill()
  const cold = store.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1_000 })
  const { createQueues } = await import('@wxgw/redis')
  const queues = createQueues({ connection: cold, log: store.log })
  t.teardown(() => queues.close())
  const { pushQueue } = openQueues({ ...store, queues })
  await t.rejects(pushQueue.message(makeEvent('ev_1'), now()), { code: 'STORE_UNAVAILABLE' })
  await store.server.start()
  await until('the queue takes', () => pushQueue.message(makeEvent('ev_1'), now()).catch(() => undefined))
})

void t.test('a frozen Redis is STORE_UNAVAILABLE within 1.5 s; the late write is a duplicate later', async (t) => {
  const { store, pushQueue } = await startQueues(t)
  await pushQueue.message(makeEvent('ev_0'), now(), REPLY)
  process.kill(store.server.pid(), 'SIGSTOP')
  const elapsedMs = startStopwatch()
  await t.rejects(pushQueue.message(makeEvent('ev_1'), now(), REPLY), { code: 'STORE_UNAVAILABLE' })
  t.ok(elapsedMs() < 1_500)
  process.kill(store.server.pid(), 'SIGCONT')
  const again = await until('it is thawed', () =>
    pushQueue.message(makeEvent('ev_1'), now(), REPLY).catch(() => undefined),
  )
  t.equal(again, 'duplicate')
  t.equal(await store.queues.open(MESSAGES_QUEUE).count(), 2)
})

void t.test('a full Redis is a store away, and its errors carry none of what was to be written', async (t) => {
  const { store, pushQueue } = await startQueues(t)
  await store.commands.config('SET', 'maxmemory', '1')
  const error = await pushQueue
    .message(makeEvent('ev_1', { data: { Content: 'CANARY' } }), now())
    .catch((caught: unknown) => caught)
  t.ok(error instanceof GatewayError)
  t.match(error, { code: 'STORE_UNAVAILABLE', retry: true, cause: { code: 'OOM' } })
  const { inspect } = await import('node:util')
  t.notMatch(inspect(error, { depth: 10, showHidden: true }), /CANARY/)
})
