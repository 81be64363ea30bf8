// Owns: how each role talks to Redis. The defaults of the libraries wait for minutes; WeChat waits for five seconds.
import type { Secret } from '@wxgw/wechat-core'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

export type RedisConnection = Redis | Cluster

export type RedisSettings = {
  urls: readonly Secret[]
  mode: 'standalone' | 'cluster' | 'sentinel'
  sentinelName: string | undefined
}

/**
 * `commands`: requests and stores; fails within a second, never queues while Redis is away.
 * `blocking`: BullMQ's workers; waits for ever, but notices a dead line.
 * `subscriber`: pub/sub; subscribes again by itself.
 */
export type RedisRole = 'commands' | 'blocking' | 'subscriber'

/** ioredis 6 types a mapping of replies into its options that no caller here uses. */
type Options = Omit<RedisOptions, 'replyMapping'>

const CONNECT_TIMEOUT_MS = 1_000
/** Bounds a frozen Redis; with one retry of nothing, every route that needs the store answers within 1.5 s. */
const COMMAND_TIMEOUT_MS = 1_000
/** Longer than BullMQ's blocking read of 5 s; ends a line into a black hole. */
const BLOCKING_SOCKET_TIMEOUT_MS = 15_000

const shared: Options = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 1_000) + Math.random() * 200,
  // After a failover that left the sockets open, the old master refuses writes for ever: connect anew and send again.
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  enableReadyCheck: true,
}

const byRole: Record<RedisRole, Options> = {
  commands: {
    ...shared,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
  },
  blocking: { ...shared, connectTimeout: 3_000, maxRetriesPerRequest: null, socketTimeout: BLOCKING_SOCKET_TIMEOUT_MS },
  subscriber: { ...shared, maxRetriesPerRequest: null },
}

/** Connects in the background; never throws because Redis is away. `onError` hears each failure of the connection. */
export function connectRedis(settings: RedisSettings, role: RedisRole, onError: (error: Error) => void): RedisConnection {
  const connection = open(settings, byRole[role])
  connection.on('error', onError)
  return connection
}

function open({ urls, mode, sentinelName }: RedisSettings, options: Options): RedisConnection {
  const nodes = urls.map((url) => new URL(url.reveal()))
  const [first] = nodes
  if (!first) throw new Error('no Redis URL')
  if (mode === 'standalone') return new Redis(first.href, options)
  const hosts = nodes.map((url) => ({ host: url.hostname, port: Number(url.port || (mode === 'sentinel' ? 26379 : 6379)) }))
  const login: Options = {
    ...(first.username === '' ? {} : { username: decodeURIComponent(first.username) }),
    ...(first.password === '' ? {} : { password: decodeURIComponent(first.password) }),
    ...(first.protocol === 'rediss:' ? { tls: {} } : {}),
  }
  if (mode === 'sentinel') {
    const db = Number(first.pathname.slice(1) || 0)
    return new Redis({ ...options, ...login, db, sentinels: hosts, ...(sentinelName === undefined ? {} : { name: sentinelName }) })
  }
  return new Cluster(hosts, {
    redisOptions: { ...options, ...login },
    enableOfflineQueue: options.enableOfflineQueue ?? true,
    ...(first.protocol === 'rediss:' ? { dnsLookup: (address: string, done: (error: null, address: string) => void) => done(null, address) } : {}),
  })
}
