// Owns: the connections to Redis by role, with their time-outs. The drivers' defaults wait for minutes; WeChat waits
// for five seconds.
import type { RedisEndpoint, RedisSettings } from '@wxgw/contracts'
import { backoffMs } from '@wxgw/wechat-core'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { withHandledAsking } from './handled-asking.ts'
import { createPatientRedis } from './patient-redis.ts'
import { loginOptions, tlsOptions } from './redis-settings.ts'
import { sentinelConnector } from './sentinels/sentinel-connector.ts'

export type RedisConnection = Redis | Cluster

/**
 * `commands`: requests and stores; fails within a second, never queues while Redis is away.
 * `blocking`: BullMQ's workers; a command waits without a time-out, a dead connection is closed.
 * `subscriber`: pub/sub; subscribes again after each reconnect.
 */
export type RedisRole = 'commands' | 'blocking' | 'subscriber'

/** ioredis 6 has a mapping of replies in the type of its options that no caller here uses. */
type Options = Omit<RedisOptions, 'replyMapping'>

const CONNECT_TIMEOUT_MS = 1_000
/** Every route that needs the store answers within 1.5 s, even with a frozen Redis. */
const COMMAND_TIMEOUT_MS = 1_000
/** A connection without an answer for this long is closed: where packets are dropped, no command would succeed. */
const COMMAND_SOCKET_TIMEOUT_MS = 2_000
/** Longer than BullMQ's blocking read of 5 s. It closes a dead connection. */
const BLOCKING_SOCKET_TIMEOUT_MS = 15_000
const PATIENT_TIMEOUTS = { commandTimeoutMs: COMMAND_TIMEOUT_MS, socketTimeoutMs: COMMAND_SOCKET_TIMEOUT_MS }
const RECONNECT_EVERY_MS = 1_000
/** A subscriber sends pings: otherwise a dead connection looks like a quiet channel. */
const SUBSCRIBER_PING_MS = 5_000
const SUBSCRIBER_SOCKET_TIMEOUT_MS = 4_000

const shared: Options = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  // The first retry follows at once, later ones about twice a second. A job needs two connections, one that fetches it
  // and one for its reads, so work goes on within a second of the return of Redis.
  retryStrategy: (attempt) =>
    attempt <= 1 ? Math.random() * 50 : backoffMs(attempt, { firstMs: 25, longestMs: 400 }) + Math.random() * 200,
  // After a failover that left the sockets open, the old master refuses writes: connect again and resend the command.
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  enableReadyCheck: true,
}

const byRole: Record<RedisRole, Options> = {
  commands: {
    ...shared,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  },
  blocking: { ...shared, connectTimeout: 3_000, maxRetriesPerRequest: null, socketTimeout: BLOCKING_SOCKET_TIMEOUT_MS },
  subscriber: { ...shared, maxRetriesPerRequest: null, socketTimeout: SUBSCRIBER_SOCKET_TIMEOUT_MS },
}

/**
 * On READONLY the connection reconnects at most once a second, to find a new master. The commands in between fail at
 * once with READONLY. Without the pause there would be no connection that could answer with it.
 */
function reconnectOncePerSecond(): (error: Error) => boolean {
  let quietUntilMs = 0
  return (error) => {
    const now = performance.now()
    if (!error.message.startsWith('READONLY') || now < quietUntilMs) return false
    quietUntilMs = now + RECONNECT_EVERY_MS
    return true
  }
}

function commandsOptions({ mode }: RedisSettings): Options {
  // A cluster opens its connections by itself, so they have ioredis' own time-outs.
  const timeouts =
    mode === 'cluster' ? { commandTimeout: COMMAND_TIMEOUT_MS, socketTimeout: COMMAND_SOCKET_TIMEOUT_MS } : {}
  return { ...byRole.commands, ...timeouts, reconnectOnError: reconnectOncePerSecond() }
}

/** Connects in the background; never throws because Redis is away. `onError` is called for each failure. */
export function connectRedis(
  settings: RedisSettings,
  role: RedisRole,
  onError: (error: Error) => void,
): RedisConnection {
  const connection =
    role === 'commands' ? open(settings, commandsOptions(settings), patient) : open(settings, byRole[role], stock)
  connection.on('error', onError)
  if (role === 'subscriber') pingRegularly(connection, onError)
  return connection
}

/** One node of a cluster, as `commands`. */
export function connectNode(settings: RedisSettings, endpoint: RedisEndpoint, onError: (error: Error) => void): Redis {
  const options = commandsOptions({ ...settings, mode: 'standalone' })
  const redis = patient({ ...options, ...loginOptions(settings.login), ...tlsOptions(settings), ...endpoint })
  redis.on('error', onError)
  return redis
}

/** Ends with the connection. After a failed ping the time-out of the socket closes the connection. */
function pingRegularly(connection: RedisConnection, onError: (error: Error) => void): void {
  const timer = setInterval(() => {
    if (connection.status === 'ready') connection.ping().catch(onError)
  }, SUBSCRIBER_PING_MS)
  timer.unref()
  connection.once('end', () => clearInterval(timer))
}

const stock = (options: Options) => new Redis(options)
const patient = (options: Options) => createPatientRedis(options, PATIENT_TIMEOUTS)

/** `create` is not for a cluster, which opens its connections by itself. */
function open(settings: RedisSettings, options: Options, create: (options: Options) => Redis): RedisConnection {
  const { mode, endpoints, login, database, sentinel } = settings
  const [first] = endpoints
  if (!first) throw new Error('no Redis is configured')
  const server: Options = { ...options, ...loginOptions(login), ...tlsOptions(settings) }
  switch (mode) {
    case 'standalone':
      return create({ ...server, ...first, db: database })
    case 'cluster':
      return withHandledAsking(
        new Cluster([...endpoints], {
          redisOptions: server,
          enableOfflineQueue: options.enableOfflineQueue ?? true,
          // Without a lookup: a certificate contains the host's name, not its address.
          ...(settings.tls ? { dnsLookup: (address: string, done: DnsAnswer) => done(null, address) } : {}),
        }),
      )
    case 'sentinel':
      return create({
        ...server,
        ...sentinelOptions(settings),
        ...(sentinel ? { name: sentinel.name } : {}),
        db: database,
      })
  }
}

type DnsAnswer = (error: null, address: string) => void

function sentinelOptions(settings: RedisSettings): Options {
  const { tls } = tlsOptions(settings)
  return {
    sentinels: [...settings.endpoints],
    ...(tls ? { sentinelTLS: tls, enableTLSForSentinelMode: true } : {}),
    Connector: sentinelConnector(settings),
  }
}
