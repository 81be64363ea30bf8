// Owns: what the tests of the queues share: a Redis of their own, connections as the processes have them, events, jobs' parsers.
import { randomBytes } from 'node:crypto'
import type { DeliveryJob, GatewayEvent } from '@wxgw/contracts'
import {
  createInboxChoice,
  createMessageShards,
  createQueues,
  createSealer,
  platformKeys,
  shardKeys,
  UNSHARDED,
} from '@wxgw/redis'
import { Redis, type RedisOptions } from 'ioredis'
import type { Test } from 'tap'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { type RedisServer, startRedis } from '../../helpers/redis-server.ts'

export const PREFIX = 'bull'
export const PLATFORM = 'open1'
export const APP_ID = 'wx0123456789abcdef'
export const keys = { ...platformKeys(PLATFORM), ...shardKeys(PLATFORM, 0) }
export const shards = createMessageShards(PLATFORM)
export const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }])

export type LogLine = { level: string; message: string; fields: Record<string, unknown> }

export function collectLog() {
  const lines: LogLine[] = []
  const at = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, message, fields })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export type Store = Awaited<ReturnType<typeof startStore>>

/** Closed with the test: what was opened last, first. */
export async function startStore(t: Test, server?: RedisServer) {
  const redis = server ?? (await startRedis())
  t.teardown(() => redis.stop())
  const log = collectLog()

  function connect(options: Omit<RedisOptions, 'replyMapping'>) {
    const connection = new Redis(redis.port, '127.0.0.1', { retryStrategy: () => 50, ...options })
    connection.on('error', () => {
      // Outages are part of the tests.
    })
    t.teardown(() => connection.disconnect())
    return connection
  }

  const failFast = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: 1_000,
  }
  const commands = connect(failFast)
  const blocking = connect({ maxRetriesPerRequest: null, socketTimeout: 15_000 })
  await Promise.all(
    [commands, blocking].map((connection) => new Promise((resolve) => connection.once('ready', resolve))),
  )
  const queues = createQueues({ connection: commands, log })
  t.teardown(() => queues.close())
  const inboxes = createInboxChoice({ redis: commands, count: UNSHARDED })
  return { server: redis, log, connect, commands, blocking, queues, inboxes }
}

/** Of a push that WeChat makes now. */
export function now() {
  return { receivedAtMs: Date.now(), made: Date.now() }
}

export function makeEvent(id: string, changes: Partial<GatewayEvent> = {}): GatewayEvent {
  return {
    specversion: '1.0',
    id,
    source: `/wx/${PLATFORM}/${APP_ID}`,
    type: 'wechat.message.text',
    subject: 'oOPENID',
    time: '2026-01-01T00:00:00Z',
    datacontenttype: 'application/json',
    platform: PLATFORM,
    authorizerappid: APP_ID,
    data: { Content: '你好', MsgId: '23456789012345678' },
    ...changes,
  }
}

/** Of the subscription crm. */
export function deliveryJob(id: string, changes: Partial<DeliveryJob> = {}): DeliveryJob {
  const about = { platform: PLATFORM, subscription: 'crm', event: makeEvent(id), receivedAtMs: 1, deliveryId: id }
  return { v: 1, kind: 'deliver', ...about, scheduleSeconds: [], ...changes }
}

export function parserOf<Schema extends TSchema>(schema: Schema): (data: unknown) => Static<Schema> | undefined {
  return (data) => (Value.Check(schema, data) ? data : undefined)
}

/** Everything that stands in Redis, as one text. */
export async function dump(redis: Redis): Promise<string> {
  const texts: string[] = []
  for (const key of await redis.keys('*')) {
    texts.push(key)
    const type = await redis.type(key)
    // Gone since KEYS: a worker takes its marker whenever it looks.
    if (type === 'none') continue
    if (type === 'string') texts.push((await redis.get(key)) ?? '')
    else if (type === 'hash') texts.push(JSON.stringify(await redis.hgetall(key)))
    else if (type === 'list') texts.push(...(await redis.lrange(key, 0, -1)))
    else if (type === 'zset') texts.push(...(await redis.zrange(key, '0', '-1')))
    else if (type === 'set') texts.push(...(await redis.smembers(key)))
    else if (type === 'stream') texts.push(JSON.stringify(await redis.xrange(key, '-', '+')))
  }
  return texts.join('\n')
}

/** What stands under a queue's keys, without what differs between any two runs: times, locks' tokens, and the names of the queues. */
export async function picture(redis: Redis, queue: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const key of (await redis.keys(`${PREFIX}:${queue}:*`)).sort()) {
    const name = key.slice(`${PREFIX}:${queue}:`.length)
    const type = await redis.type(key)
    const value = name.endsWith(':lock') ? 'a token' : await read(redis, key, type)
    const ttlMs = await redis.pttl(key)
    found[name] = { type, value, expiry: ttlMs < 0 ? ttlMs : Math.round(ttlMs / 10_000) }
  }
  return found
}

async function read(redis: Redis, key: string, type: string): Promise<unknown> {
  if (type === 'string') return withoutTime((await redis.get(key)) ?? '')
  if (type === 'list') return redis.lrange(key, 0, -1)
  if (type === 'set') return (await redis.smembers(key)).sort()
  if (type === 'zset') return (await redis.zrange(key, '0', '-1', 'WITHSCORES')).map(withoutTime)
  if (type === 'stream') return (await redis.xrange(key, '-', '+')).map(([, fields]) => fields.map(withoutTime))
  const { opts, ...fields } = await redis.hgetall(key)
  const plain = Object.entries(fields).map(([name, value]) => [name, withoutTime(value)])
  return { ...Object.fromEntries(plain), ...(opts === undefined ? {} : { opts: JSON.parse(opts) as unknown }) }
}

/** Milliseconds since 1970, and the score that BullMQ makes of them. */
function withoutTime(value: string): string {
  return /^\d{13}$|^\d{16}$/.test(value) ? 'a time' : value
}
