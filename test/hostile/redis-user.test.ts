// The Redis users that the pages document are enough for everything that the pages say they do: the gateway's
// processes, the consumer of a queue, the consumer of a stream, the reader of tokens. What they may not do is asked of
// Redis in test/packages/redis/acl.test.ts.
import { setTimeout as delay } from 'node:timers/promises'
import { DelayedError, Queue, QueueEvents, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { createUser, denied, documentedUsers, type Login } from '../helpers/redis-users.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

const APP_ID = 'wx00000000000000a1'
/** It is asked for, and done without where it is refused. */
const OPTIONAL = ['gateway: config|get', 'crm-stream: info', 'token-reader: info']

void t.test('the documented Redis users carry the whole story', async (t) => {
  const redisServer = await startRedis()
  t.teardown(() => redisServer.stop())
  const admin = new Redis(redisServer.url)
  t.teardown(() => admin.disconnect())
  const logins = new Map<string, Login>()
  for (const user of documentedUsers()) logins.set(user.name, await createUser(admin, user))

  function loginOf(name: string): Login {
    const login = logins.get(name)
    if (!login) throw new Error(`no page documents the user ${name}`)
    return login
  }

  function connect(name: string): Redis {
    const redis = new Redis(redisServer.url, { ...loginOf(name), maxRetriesPerRequest: null })
    t.teardown(() => redis.disconnect())
    return redis
  }

  const refused = async () => (await denied(admin)).filter((refusal) => !OPTIONAL.includes(refusal))
  const { username, password } = loginOf('gateway')
  const login = redisServer.url.replace('//', `//${username}:${password}@`)
  const gateway = await startGateway({ redis: redisServer, env: { REDIS_URL: login, REPLY_DEADLINE_MS: '300' } })
  t.teardown(() => gateway.stop())
  const { simulator } = gateway
  simulator.addAccount({ appId: APP_ID, userName: 'gh_0000000000a1' })
  const say = (content: string) => simulator.sendText(APP_ID, { content })

  await t.test('the gateway: pushes, tokens, subscriptions, dead letters, replays, synchronisation', async (t) => {
    await simulator.pushTicket()
    const isThere = async (path: string) => (await gateway.call('GET', path)).status === 200
    await until('there is a component token', () => isThere('/component_access_token'))
    await simulator.authorize(APP_ID)
    await until('the account is there', () => isThere(`/authorizers/${APP_ID}`))
    const sink = { kind: 'webhook', url: 'http://127.0.0.1:1/' }
    const inputs = {
      streaming: { sink: { kind: 'stream' } },
      queueing: { sink: { kind: 'queue' }, reply: true },
      failing: { sink, retry: { scheduleSeconds: [] } },
      retrying: { sink, retry: { scheduleSeconds: [60] } },
    }
    for (const [name, input] of Object.entries(inputs)) {
      t.equal((await gateway.call('PUT', `/subscriptions/${name}`, input)).status, 201)
    }
    t.equal((await say('x')).attempts.at(-1)?.body, 'success')
    const letters = await until('the dead letter is there', async () => {
      const { items = [] } = (await gateway.call('GET', '/subscriptions/failing/dead-letters')).body
      return items.length > 0 ? items : undefined
    })
    // A second event goes into queues and streams with the record: the script that does it was probed by the first.
    t.equal((await say('y')).attempts.at(-1)?.body, 'success')
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
    const ready = await fetch(`${gateway.internalUrl}/readyz`)
    t.equal(ready.status, 200, await ready.text())
    t.same(await refused(), [])
    for (const { process } of [...gateway.ingresses, ...gateway.workers]) t.notMatch(process.output(), /NOPERM|NOAUTH/)
  })

  await t.test('the consumer of a queue: work, progress, failures, retries, delays, pauses', async (t) => {
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
    for (const content of ['works', 'fails', 'later']) await say(content)
    await until('each was taken', () => ['works', 'fails', 'later'].every((content) => runs.has(content)))
    await until('the delayed one runs again', () => runs.get('later') === 2)
    const failed = await until('one has failed', async () => (await queue.getFailed())[0])
    await failed.retry()
    await until('it has run again', () => runs.get('fails') === 2)
    await until('and failed again', async () => (await queue.getFailedCount()) === 1)
    await queue.pause()
    await say('while paused')
    await until('it waits', async () => (await queue.getJobCounts('waiting')).waiting === 1)
    await queue.resume()
    await until('it is worked on', () => runs.has('while paused'))
    // Some looks for stalled jobs, and renewals of locks.
    await delay(300)
    await queue.clean(0, 100, 'failed')
    await worker.close()
    t.same(await refused(), [])
  })

  await t.test('the consumer of a stream: groups, reading, acknowledging, taking over, trimming', async (t) => {
    await gateway.call('DELETE', '/subscriptions/crm')
    const { body } = await gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'stream' } })
    const stream = String(body.sink?.stream)
    const redis = connect('crm-stream')
    await redis.xgroup('CREATE', stream, 'crm', '0', 'MKSTREAM')
    await redis.xgroup('CREATECONSUMER', stream, 'crm', 'one')
    await say('through the stream')
    const read = () => redis.xreadgroup('GROUP', 'crm', 'one', 'COUNT', 10, 'BLOCK', 5_000, 'STREAMS', stream, '>')
    const [id = ''] = (await read())?.[0]?.[1][0] ?? []
    t.ok(id)
    await redis.xpending(stream, 'crm')
    t.match(await redis.xautoclaim(stream, 'crm', 'two', 0, '0', 'COUNT', 10), [/./, [[id]]])
    t.match(await redis.xclaim(stream, 'crm', 'one', 0, id), [[id]])
    t.equal(await redis.xack(stream, 'crm', id), 1)
    await redis.xgroup('DELCONSUMER', stream, 'crm', 'two')
    for (const what of ['GROUPS', 'STREAM'] as const) await redis.call('XINFO', what, stream)
    await redis.call('XINFO', 'CONSUMERS', stream, 'crm')
    t.equal(await redis.xtrim(stream, 'MAXLEN', 0), 1)
    t.equal(await redis.xlen(stream), 0)
    t.same(await refused(), [])
  })

  await t.test('the reader of tokens', async (t) => {
    const redis = connect('token-reader')
    const key = `wx:{open1}:access_token:${APP_ID}`
    const { body } = await gateway.call('GET', `/access_token/${APP_ID}`)
    t.equal(await redis.get(key), body.token)
    t.same(await redis.mget(key, key), [body.token, body.token])
    t.ok((await redis.ttl(key)) > 0 && (await redis.pttl(key)) > 0 && (await redis.exists(key)) === 1)
    t.ok(await redis.get('wx:{open1}:component_access_token'))
    t.same(await refused(), [])
  })
})
