// Owns: everything that the pages say a Redis user may do, done as that user: the gateway's processes, the consumer of a queue,
// the consumer of a stream, the reader of tokens. Whatever Redis refused meanwhile fails the story.
import { setTimeout as delay } from 'node:timers/promises'
import { DelayedError, Queue, QueueEvents, Worker } from 'bullmq'
import type { Cluster, Redis } from 'ioredis'
import type { Test } from 'tap'
import type { Gateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APP_ID = 'wx00000000000000a1'
const TOKEN_KEY = `wx:{open1}:access_token:${APP_ID}`

export type Stage = {
  gateway: Gateway
  /** As the documented user of this name; closed with the test. */
  connect(user: string): Redis | Cluster
  /** What Redis refused anybody since the last time. */
  refused(): Promise<string[]>
}

export async function isReady({ internalUrl }: Gateway): Promise<boolean> {
  return (await fetch(`${internalUrl}/readyz`)).status === 200
}

/** Why it refuses: its answers, its readiness, and the last it has logged. */
async function stateOf({ simulator, internalUrl, ingresses }: Gateway): Promise<string> {
  const { attempts } = await simulator.pushTicket()
  const readiness = await (await fetch(`${internalUrl}/readyz`)).text()
  const logged = ingresses.flatMap(({ process }) =>
    process
      .logLines()
      .filter(({ level }) => Number(level) >= 40)
      .slice(-10),
  )
  return [JSON.stringify(attempts), readiness, ...logged.map((line) => JSON.stringify(line))].join('\n')
}

function say({ gateway }: Stage, content: string) {
  return gateway.simulator.sendText(APP_ID, { content })
}

/** Pushes, tokens, subscriptions, dead letters, replays, synchronisation. */
export async function playsGateway(t: Test, stage: Stage): Promise<void> {
  const { gateway, refused } = stage
  const { simulator } = gateway
  simulator.addAccount({ appId: APP_ID, userName: 'gh_0000000000a1' })
  const sink = { kind: 'webhook', url: 'http://127.0.0.1:1/' }
  const inputs = {
    streaming: { sink: { kind: 'stream' } },
    queueing: { sink: { kind: 'queue' }, reply: true },
    failing: { sink, retry: { scheduleSeconds: [] } },
    retrying: { sink, retry: { scheduleSeconds: [60] } },
  }
  const [first] = Object.entries(inputs)
  await until(
    'it takes a subscription',
    async () => (await gateway.call('PUT', `/subscriptions/${first?.[0]}`, first?.[1])).status === 201,
  )
  await until('a ticket is taken', async () => (await simulator.pushTicket()).ok, { why: () => stateOf(gateway) })
  const isThere = async (path: string) => (await gateway.call('GET', path)).status === 200
  await until('there is a component token', () => isThere('/component_access_token'))
  await until('an authorization is taken', async () => (await simulator.authorize(APP_ID)).push?.ok)
  await until('the account is there', () => isThere(`/authorizers/${APP_ID}`))
  for (const [name, input] of Object.entries(inputs).slice(1)) {
    t.equal((await gateway.call('PUT', `/subscriptions/${name}`, input)).status, 201)
  }
  t.equal((await say(stage, 'x')).attempts.at(-1)?.body, 'success')
  const letters = await until('the dead letter is there', async () => {
    const { items = [] } = (await gateway.call('GET', '/subscriptions/failing/dead-letters')).body
    return items.length > 0 ? items : undefined
  })
  // A second event goes into queues and streams with the record: the script that does it was probed by the first.
  t.equal((await say(stage, 'y')).attempts.at(-1)?.body, 'success')
  t.match(await gateway.call('POST', '/subscriptions/failing/dead-letters/replay', {}), { status: 202 })
  const eventId = String(letters[0]?.eventId)
  t.match(await gateway.call('GET', `/events/${eventId}`), { status: 200 })
  t.match(await gateway.call('POST', `/events/${eventId}/replay`, {}), { status: 202 })
  t.match(await gateway.call('POST', '/subscriptions/streaming/test', {}), { status: 202 })
  const disabled = await gateway.call('PUT', '/subscriptions/retrying', { sink, enabled: false })
  t.equal(disabled.status, 200)
  t.match(await gateway.call('GET', `/access_token/${APP_ID}?force=true`), { status: 200 })
  t.match(await gateway.call('GET', `/ticket/${APP_ID}?type=jsapi`), { status: 200 })
  const { body } = await gateway.call('POST', '/authorizers/sync')
  const sync = async () => (await gateway.call('GET', `/authorizers/sync/${body.jobId}`)).body.status
  await until('the synchronisation is done', async () => (await sync()) === 'completed')
  t.match(await gateway.call('DELETE', '/subscriptions/failing/dead-letters'), { status: 200 })
  for (const name of Object.keys(inputs)) {
    t.match(await gateway.call('DELETE', `/subscriptions/${name}`), { status: 204 })
  }
  await until('it is ready', () => isReady(gateway))
  t.same(await refused(), [])
  for (const { process } of [...gateway.ingresses, ...gateway.workers]) t.notMatch(process.output(), /NOPERM|NOAUTH/)
}

/** Work, progress, failures, retries, delays, pauses. */
export async function playsQueueConsumer(t: Test, stage: Stage): Promise<void> {
  const { gateway, connect, refused } = stage
  const { body } = await gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'queue' } })
  const name = String(body.sink?.queue)
  const connection = connect('crm-queue')
  const queue = new Queue(name, { connection })
  const events = new QueueEvents(name, { connection })
  const runs = new Map<string, number>()
  const contentOf = (data: { data?: { Content?: string } }) => String(data.data?.Content)
  const worker = new Worker(
    name,
    async (job, token) => {
      const content = contentOf(job.data)
      const run = (runs.get(content) ?? 0) + 1
      runs.set(content, run)
      await job.updateProgress(50)
      await job.log('seen')
      await job.extendLock(token ?? '', 30_000)
      if (content === 'fails') throw new Error('no')
      if (content === 'later' && run === 1) {
        await job.moveToDelayed(Date.now() + 10, token)
        throw new DelayedError()
      }
      return { content }
    },
    { connection, stalledInterval: 100, lockDuration: 1_000 },
  )
  t.teardown(() => Promise.all([worker.close(true), events.close(), queue.close()]))
  await worker.waitUntilReady()
  for (const content of ['works', 'fails', 'later']) await say(stage, content)
  await until('each was taken', () => ['works', 'fails', 'later'].every((content) => runs.has(content)))
  await until('the delayed one runs again', () => runs.get('later') === 2)
  const failed = await until('one has failed', async () => (await queue.getFailed())[0])
  await failed.retry()
  await until('it has run again', () => runs.get('fails') === 2)
  await until('and failed again', async () => (await queue.getFailedCount()) === 1)
  await queue.pause()
  await say(stage, 'while paused')
  await until('it waits', async () => (await queue.getJobCounts('waiting')).waiting === 1)
  await queue.resume()
  await until('it is worked on', () => runs.has('while paused'))
  // Some looks for stalled jobs, and renewals of locks.
  await delay(300)
  await queue.clean(0, 100, 'failed')
  await worker.close()
  t.same(await refused(), [])
}

/** Groups, reading, acknowledging, taking over, trimming. */
export async function playsStreamConsumer(t: Test, stage: Stage): Promise<void> {
  const { gateway, connect, refused } = stage
  await gateway.call('DELETE', '/subscriptions/crm')
  const { body } = await gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'stream' } })
  const stream = String(body.sink?.stream)
  const redis = connect('crm-stream')
  await redis.xgroup('CREATE', stream, 'crm', '0', 'MKSTREAM')
  await redis.xgroup('CREATECONSUMER', stream, 'crm', 'one')
  await say(stage, 'through the stream')
  const read = () => redis.xreadgroup('GROUP', 'crm', 'one', 'COUNT', 10, 'BLOCK', 5_000, 'STREAMS', stream, '>')
  const [id = ''] = (await read())?.[0]?.[1][0] ?? []
  t.ok(id)
  await redis.xpending(stream, 'crm')
  t.match(await redis.xautoclaim(stream, 'crm', 'two', 0, '0', 'COUNT', 10), [/./, [[id]]])
  t.match(await redis.call('XCLAIM', stream, 'crm', 'one', 0, id), [[id]])
  t.equal(await redis.xack(stream, 'crm', id), 1)
  await redis.xgroup('DELCONSUMER', stream, 'crm', 'two')
  for (const what of ['GROUPS', 'STREAM'] as const) await redis.call('XINFO', what, stream)
  await redis.call('XINFO', 'CONSUMERS', stream, 'crm')
  t.equal(await redis.xtrim(stream, 'MAXLEN', 0), 1)
  t.equal(await redis.xlen(stream), 0)
  t.same(await refused(), [])
}

export async function playsTokenReader(t: Test, stage: Stage): Promise<void> {
  const redis = stage.connect('token-reader')
  await readsTokens(t, stage)
  t.equal((await redis.mget(TOKEN_KEY, TOKEN_KEY)).length, 2)
  t.ok((await redis.ttl(TOKEN_KEY)) > 0 && (await redis.pttl(TOKEN_KEY)) > 0 && (await redis.exists(TOKEN_KEY)) === 1)
  t.ok(await redis.get('wx:{open1}:component_access_token'))
  t.same(await stage.refused(), [])
}

/** The same token over HTTP and from Redis. */
export async function readsTokens(t: Test, { gateway, connect }: Stage): Promise<void> {
  const token = await until(
    'there is a token',
    async () => (await gateway.call('GET', `/access_token/${APP_ID}`)).body.token,
  )
  t.equal(await connect('token-reader').get(TOKEN_KEY), token)
}

/** A message comes through to the stream of crm, and tokens are refreshed and read: after something has happened to Redis. */
export async function goesOn(t: Test, stage: Stage): Promise<void> {
  const { gateway, connect } = stage
  const stream = await until(
    'it answers',
    async () => (await gateway.call('GET', '/subscriptions/crm')).body.sink?.stream,
  )
  const redis = connect('crm-stream')
  const lengthNow = () => redis.xlen(stream)
  const length = await lengthNow()
  await until('a push is taken', async () => (await say(stage, 'after that')).attempts.at(-1)?.body === 'success')
  await until('its consumer has it', async () => (await lengthNow()) > length)
  const isRefreshed = async () => (await gateway.call('GET', `/access_token/${APP_ID}?force=true`)).status === 200
  await until('the token can be refreshed', isRefreshed)
  await readsTokens(t, stage)
}
