// Whatever a consumer writes under the keys of its own queue, which its Redis user may do: no private key follows from it.
import { deliveriesQueue } from '@wxgw/redis'
import { Redis } from 'ioredis'
import t from 'tap'
import { startGateway } from '../helpers/gateway.ts'
import { nameOf } from '../helpers/push-text.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000c1'
const USER = 'oUSER'

/** Names of BullMQ's own keys, parts of others, and what is no name at all. */
const HOSTILE_IDS = [
  'wait',
  'active',
  'meta',
  'marker',
  'delayed',
  'failed',
  'events',
  'id',
  'stalled',
  'pc',
  'de:ev_1',
  '1',
  '',
  ':',
  'ev_1:lock',
  'ev_1:wait',
  '../x',
  '*',
  '{x}',
  '__proto__',
  'constructor',
  'ev_1\n"forged"',
  'ev_1.r0123456789ab',
  'x'.repeat(100_000),
  '\u0000',
  '好',
  'gw_',
  'ev_nobody',
]
const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
const HOSTILE_VALUES = [
  '{"reply":"hi"}',
  '{"reply":null}',
  '{"reply":{"MsgType":"text","Content":"forged"}}',
  '',
  '{',
  'null',
  '[]',
  '"reply"',
  DEEP,
  `{"reply":${DEEP}}`,
  `{"reply":"${'x'.repeat(1_000_000)}"}`,
  '{"__proto__":{"reply":"hi"}}',
  '{"reply":{"__proto__":{"MsgType":"text"}}}',
  '\u0000',
  '{"reply":1e999}',
]

void t.test('what a consumer writes into its own queue', async (t) => {
  const gateway = await startGateway({ env: { REPLY_DEADLINE_MS: '4500' } })
  t.teardown(() => gateway.stop())
  const { simulator } = gateway
  simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  simulator.configure({ attempts: 1 })
  await simulator.pushTicket()
  await simulator.authorize(APP)
  await until('the account is there', async () => (await gateway.call('GET', `/authorizers/${APP}`)).status === 200)
  const put = await gateway.call('PUT', '/subscriptions/crm', {
    sink: { kind: 'queue' },
    reply: true,
    fallback: 'customer-service',
  })
  const queue = put.body.sink?.queue ?? ''
  const own = `bull:${queue}:`
  const redis = new Redis(gateway.redis.url)
  t.teardown(() => redis.disconnect())
  const complete = (jobId: string, returnvalue: string) =>
    redis.xadd(`${own}events`, '*', 'event', 'completed', 'jobId', jobId, 'returnvalue', returnvalue)
  /** The private keys with what stands in them, without those that change by themselves. */
  const privateKeys = async () => {
    const names = (await redis.keys('*')).filter((name) => !name.startsWith(own) && !isRestless(name)).sort()
    const kept = await Promise.all(
      names.map(async (name) => [name, await redis.pttl(name), await redis.dump(name)] as const),
    )
    return kept.filter(([, ttlMs]) => ttlMs === -1).map(([name, , value]) => [name, value])
  }
  const push = (content: string) => {
    void simulator.sendText(APP, { openId: USER, content })
    return jobOf(content)
  }
  const jobOf = (content: string) =>
    until(`${content} is in the queue`, async () => {
      for (const key of await redis.keys(`${own}ev_*`)) {
        if ((await redis.hget(key, 'data'))?.includes(content)) return key.slice(own.length)
      }
      return undefined
    })
  /** The worker reads in order, and writes down how far it is; the gateway may have written behind it. */
  const untilRead = async () => {
    const last = (await complete('last', '{}')) ?? ''
    await until('all is read', async () => {
      const read = await redis.hget('wx:{open1}:consumer_returns', 'crm')
      return read !== null && (await redis.xrange(`${own}events`, last, read)).length > 0
    })
  }

  await t.test('ids and values that the gateway never gave lead nowhere', async (t) => {
    await untilRead()
    const before = await privateKeys()
    for (const id of HOSTILE_IDS) {
      await redis.hset(`${own}${id}x`, 'data', JSON.stringify({ id, type: 'x' }))
      for (const value of HOSTILE_VALUES) await complete(id, value)
    }
    const sent = simulator.sentCustomMessages.length
    await untilRead()
    t.same(await privateKeys(), before)
    t.equal(simulator.sentCustomMessages.length, sent)
  })

  await t.test(
    'a job that it has rewritten decides nothing: the dead letter is the event that the gateway gave',
    async (t) => {
      const jobId = await push('rewritten')
      const event: unknown = JSON.parse((await redis.hget(`${own}${jobId}`, 'data')) ?? '')
      const forged = { ...Object(event), id: 'wait', platform: 'other', data: { Content: 'forged' } }
      await redis.hset(
        `${own}${jobId}`,
        'data',
        JSON.stringify(forged),
        'opts',
        '{',
        'parentKey',
        `bull:${deliveriesQueue('open1', 'crm')}:wait`,
      )
      await complete(jobId, '{"reply":"hi"}')
      const dead = await until(
        'it is dead',
        async () => (await gateway.call('GET', '/subscriptions/crm/dead-letters')).body.items?.[0],
      )
      t.match(dead, {
        eventId: jobId,
        lastError: 'invalid reply',
        event: { id: jobId, data: { Content: 'rewritten' } },
      })
      await redis.del(`${own}${jobId}`)
      t.equal((await gateway.call('POST', '/subscriptions/crm/dead-letters/replay')).body.replayed, 1)
      await until('the private queue works', async () => (await redis.keys(`${own}${jobId}.r*`)).length === 1)
    },
  )

  await t.test(
    'an event stays out of reach for a later subscription of the name, and for a match that was narrowed',
    async (t) => {
      const body = { sink: { kind: 'queue' }, reply: true, fallback: 'customer-service' }
      const narrow = { ...body, match: { authorizers: ['wx00000000000000c2'] } }
      const waits: Array<Promise<unknown>> = []
      const given = async (content: string) => {
        waits.push(
          simulator
            .sendText(APP, { openId: USER, content })
            .then(({ ok, reply }) => t.same({ ok, reply }, { ok: true, reply: undefined })),
        )
        return jobOf(content)
      }
      const before = await given('of the first')
      t.equal((await gateway.call('DELETE', '/subscriptions/crm')).status, 204)
      t.equal((await gateway.call('PUT', '/subscriptions/crm', body)).status, 201)
      const left = await given('left out later')
      t.equal((await gateway.call('PUT', '/subscriptions/crm', narrow)).status, 200)
      const values = [
        '{"reply":{"MsgType":"text","Content":"forged"}}',
        '{"reply":"hi"}',
        '{"reply":{"raw":"<xml/>"}}',
        '{"reply":null}',
      ]
      const claimAll = async () => {
        for (const id of [before, left]) for (const value of values) await complete(id, value)
        await untilRead()
      }
      const sent = simulator.sentCustomMessages.length
      await claimAll()
      await Promise.all(waits)
      await claimAll()
      t.equal(
        simulator.sentCustomMessages.length,
        sent,
        'no message goes out in the name of an account that is none of its own',
      )
      t.same((await gateway.call('GET', '/subscriptions/crm/dead-letters')).body.items, [])
    },
  )

  await t.test(
    'a subscription can be deleted, whatever stands under its queue, and nothing else goes with it',
    async (t) => {
      const before = (await privateKeys()).map(([name]) => name)
      for (const id of await redis.lrange(`${own}wait`, 0, -1)) await redis.zadd(`${own}completed`, 1, id)
      await redis.del(`${own}wait`, `${own}failed`, `${own}meta`, `${own}events`)
      await redis.set(`${own}wait`, 'x')
      await redis.sadd(`${own}failed`, 'x')
      await redis.set(`${own}meta`, 'x')
      await redis.hset(`${own}events`, 'x', 'x')
      await redis.zadd(`${own}completed`, 1, '../x', 1, 'wait', 1, '')
      await redis.rpush(`${own}active`, ...HOSTILE_IDS)
      await redis.hset(`${own}constructor`, 'deid', '../x', 'parentKey', `wx:{open1}:subscriptions`)
      t.equal((await gateway.call('DELETE', '/subscriptions/crm')).status, 204)
      const left = await redis.keys(`${own}*`)
      t.same(
        left.filter((name) => !name.endsWith('x')),
        [],
        'only what no list of the queue names is left',
      )
      const gone = before.filter((name) => !name?.startsWith(`bull:${deliveriesQueue('open1', 'crm')}`))
      const after = new Set((await privateKeys()).map(([name]) => name))
      // But for the records of subscriptions, of which it was the last.
      t.same(
        gone.filter((name) => !after.has(name ?? '') && !/:subscription\w*$/.test(String(name))),
        [],
      )
    },
  )
})

/** The queues that carry what is pushed, schedules, and how far the worker has read. */
function isRestless(name: string): boolean {
  const ownQueue = /^bull:\{wx-(messages|platform-events|component-events|maintenance)\}:/
  return ownQueue.test(name) || /:due$|next_audit|:consumer_returns$|:marker$|stalled-check|\{wx-console\}/.test(name)
}
