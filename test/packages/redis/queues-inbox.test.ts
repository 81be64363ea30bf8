// Owns: what is taken into the queues: once, sealed, and only when Redis has it.
import { ComponentEventJobSchema, type FanOutJob, FanOutJobSchema } from '@wxgw/contracts'
import {
  COMPONENT_EVENTS_QUEUE,
  createInbox,
  createQueueWorker,
  createSyncStates,
  type Inbox,
  MAINTENANCE_QUEUE,
  MESSAGES_QUEUE,
  PLATFORM_EVENTS_QUEUE,
} from '@wxgw/redis'
import { GatewayError, parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { APP_ID, dump, keys, makeEvent, parserOf, PLATFORM, sealer, startStore, type Store } from './queues-fixture.ts'

const TICKET = '<xml><ComponentVerifyTicket>ticket@@@CANARY-ticket</ComponentVerifyTicket></xml>'

function openInbox({ queues, commands }: Store, dedupeSeconds = 3600): Inbox {
  const syncStates = createSyncStates({ platform: PLATFORM, redis: commands, keys, queues })
  return createInbox({ platform: PLATFORM, queues, sealer, syncStates, dedupeSeconds })
}

void t.test('a thousand parallel pushes of one message are one job and one acceptance', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  const answers = await Promise.all(Array.from({ length: 1000 }, () => inbox.message(makeEvent('ev_1'), Date.now())))
  t.equal(answers.filter((answer) => answer === 'accepted').length, 1)
  t.equal(answers.filter((answer) => answer === 'duplicate').length, 999)
  t.equal(await store.queues.open(MESSAGES_QUEUE).count(), 1)
})

void t.test('a push is a duplicate although its job is done and removed, until the time is over', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store, 1)
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
  t.equal(await inbox.message(makeEvent('ev_1'), Date.now()), 'accepted')
  await until('the job is removed', async () => (await store.commands.keys(`bull:${MESSAGES_QUEUE}:f*`)).length === 0)
  t.equal(await inbox.message(makeEvent('ev_1'), Date.now()), 'duplicate')
  t.same(handled, ['ev_1'])
  await until('the push is forgotten', async () => (await inbox.message(makeEvent('ev_1'), Date.now())) === 'accepted')
})

void t.test('the same id on another platform, of another kind, or for another receiver is no duplicate', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  const syncStates = createSyncStates({ platform: 'open2', redis: store.commands, keys, queues: store.queues })
  const other = createInbox({ platform: 'open2', queues: store.queues, sealer, syncStates, dedupeSeconds: 3600 })
  const event = makeEvent('ev_1')
  t.equal(await inbox.platformEvent(event), 'accepted')
  t.equal(await other.platformEvent(event), 'accepted')
  t.equal(await inbox.message(event, Date.now()), 'accepted')
  t.equal(await inbox.platformEvent(event, { only: 'crm' }), 'accepted')
  t.equal(await inbox.platformEvent(event, { replay: 'r1' }), 'accepted')
  t.equal(await inbox.platformEvent(event, { replay: 'r1' }), 'duplicate')
  await inbox.replay(event, Date.now())
  await inbox.replay(event, Date.now())
  t.equal(await store.queues.open(PLATFORM_EVENTS_QUEUE).count(), 6)
})

void t.test('a component event stands in Redis sealed, and the worker opens it', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  t.equal(await inbox.componentEvent({ eventId: 'ev_t', plaintext: TICKET, receivedAtMs: 5 }), 'accepted')
  t.equal(await inbox.componentEvent({ eventId: 'ev_t', plaintext: TICKET, receivedAtMs: 6 }), 'duplicate')
  t.notMatch(await dump(store.commands), /CANARY/)
  const [job] = await store.queues.open(COMPONENT_EVENTS_QUEUE).getWaiting()
  const data = parserOf(ComponentEventJobSchema)(job?.data)
  t.ok(data)
  if (data) t.equal(inbox.openComponentEvent(data), TICKET)
})

void t.test('the code of a release check stands in Redis sealed', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  const appId = parseAuthorizerAppId(APP_ID)
  if (!appId) throw new Error('no appid')
  const check = { eventId: 'ev_c', appId, openId: 'oOPENID', code: new Secret('queryauthcode@@@CANARY'), receivedAtMs: 1 }
  await inbox.releaseCheck(check)
  await inbox.releaseCheck(check)
  t.notMatch(await dump(store.commands), /CANARY/)
  const jobs = await store.queues.open(COMPONENT_EVENTS_QUEUE).getWaiting()
  t.equal(jobs.length, 1)
  t.equal(inbox.openReleaseCheckCode(jobs[0]?.data).reveal(), 'queryauthcode@@@CANARY')
})

void t.test('a profile that nothing waits for is wanted once at a time, one that an event waits for never gets lost', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  const appId = parseAuthorizerAppId(APP_ID)
  if (!appId) throw new Error('no appid')
  await Promise.all([inbox.profileWanted(appId), inbox.profileWanted(appId), inbox.profileWanted(appId)])
  await inbox.profileWanted(appId, makeEvent('ev_a'))
  await inbox.profileWanted(appId, makeEvent('ev_b'))
  await inbox.profileWanted(appId, makeEvent('ev_b'))
  t.equal(await store.queues.open(COMPONENT_EVENTS_QUEUE).count(), 3)
})

void t.test('whoever asks for a sync while one is under way is given that one', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  const syncStates = createSyncStates({ platform: PLATFORM, redis: store.commands, keys, queues: store.queues })
  const [first, second] = await Promise.all([inbox.sync(), inbox.sync()])
  t.equal(first?.jobId, second?.jobId)
  const jobId = first?.jobId ?? ''
  t.match(await inbox.syncState(jobId), { jobId, status: 'waiting', seen: 0, startedAt: null })
  const state = { jobId, status: 'running', seen: 7, added: 1, repaired: 2, failed: 0, startedAt: '2026-01-01T00:00:00.000Z' } as const
  await syncStates.save({ ...state, finishedAt: null, error: null })
  t.same(await inbox.syncState(jobId), { ...state, finishedAt: null, error: null })
  t.ok((await store.commands.ttl(keys.sync(jobId))) > 6 * 24 * 3600)
  t.equal(await inbox.syncState('sync-00000000-0000-0000-0000-000000000000'), undefined)
  t.equal(await inbox.syncState('*'), undefined)

  await store.queues.open(MAINTENANCE_QUEUE).remove(jobId)
  t.not((await inbox.sync()).jobId, jobId, 'once it is over, a new one begins')
})

void t.test('with Redis gone every way in rejects at once, and works again when it is back, without a crash', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  await store.server.kill()
  const startedAt = performance.now()
  await t.rejects(inbox.message(makeEvent('ev_1'), Date.now()), { code: 'STORE_UNAVAILABLE', retry: true })
  await t.rejects(inbox.componentEvent({ eventId: 'ev_t', plaintext: TICKET, receivedAtMs: 1 }), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(inbox.sync(), { code: 'STORE_UNAVAILABLE' })
  t.ok(performance.now() - startedAt < 1_500)
  await store.server.start()
  await until('the inbox takes again', () => inbox.message(makeEvent('ev_1'), Date.now()).catch(() => undefined))
})

void t.test('a queue opened before Redis is there neither crashes nor waits', async (t) => {
  const store = await startStore(t)
  await store.server.kill()
  const cold = store.connect({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1_000 })
  const { createQueues } = await import('@wxgw/redis')
  const queues = createQueues({ connection: cold, log: store.log })
  t.teardown(() => queues.close())
  const inbox = openInbox({ ...store, queues })
  await t.rejects(inbox.message(makeEvent('ev_1'), Date.now()), { code: 'STORE_UNAVAILABLE' })
  await store.server.start()
  await until('the inbox takes', () => inbox.message(makeEvent('ev_1'), Date.now()).catch(() => undefined))
})

void t.test('a frozen Redis is a store away within 1.5 s, and the write that lands late is a duplicate of the next push', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  await inbox.message(makeEvent('ev_0'), Date.now())
  process.kill(store.server.pid(), 'SIGSTOP')
  const startedAt = performance.now()
  await t.rejects(inbox.message(makeEvent('ev_1'), Date.now()), { code: 'STORE_UNAVAILABLE' })
  t.ok(performance.now() - startedAt < 1_500)
  process.kill(store.server.pid(), 'SIGCONT')
  const again = await until('it is thawed', () => inbox.message(makeEvent('ev_1'), Date.now()).catch(() => undefined))
  t.equal(again, 'duplicate')
  t.equal(await store.queues.open(MESSAGES_QUEUE).count(), 2)
})

void t.test('a full Redis is a store away, and its errors carry none of what was to be written', async (t) => {
  const store = await startStore(t)
  const inbox = openInbox(store)
  await store.commands.config('SET', 'maxmemory', '1')
  const error = await inbox.message(makeEvent('ev_1', { data: { Content: 'CANARY' } }), Date.now()).catch((caught: unknown) => caught)
  t.ok(error instanceof GatewayError)
  t.match(error, { code: 'STORE_UNAVAILABLE', retry: true, cause: { code: 'OOM' } })
  const { inspect } = await import('node:util')
  t.notMatch(inspect(error, { depth: 10, showHidden: true }), /CANARY/)
})
