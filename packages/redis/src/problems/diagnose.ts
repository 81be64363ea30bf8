// Owns: finding out why Redis cannot be used with these settings, by commands to each configured server. It is needed
// where the error does not contain the cause: "all sentinels are unreachable", "failed to refresh slots", a closed
// connection.
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { endpointText, type RedisEndpoint, type RedisSettings } from '@wxgw/contracts'
import type { Redis } from 'ioredis'
import { loginOptions, tlsOptions } from '../redis-settings.ts'
import { acceptedLogin } from '../sentinels/sentinel-login.ts'
import { infoField } from '../servers.ts'
import { isReply } from '../store-errors.ts'
import { explainRedisError, type RedisProblem } from './explain-error.ts'
import { openOnce } from './open-once.ts'

const PROBE_TIMEOUT_MS = 1_000
/** A cluster may have hundreds of nodes; three that agree are enough. */
const MAX_ENDPOINTS = 3

/**
 * The problem of the first server that has one; undefined without any. Never rejects; takes a few seconds. Read-only.
 */
export async function diagnoseRedis(settings: RedisSettings): Promise<RedisProblem | undefined> {
  const asked = settings.endpoints.slice(0, MAX_ENDPOINTS)
  const found = await Promise.all(asked.map((endpoint) => diagnoseEndpoint(settings, endpoint)))
  const [one] = found.filter((problem) => problem !== undefined)
  if (one === undefined) return undefined
  // Some of several sentinels or nodes may be down: a problem of those that answer is more likely the cause.
  return found.find((problem) => problem && !isAway(problem)) ?? (found.every(Boolean) ? one : undefined)
}

function isAway({ code }: RedisProblem): boolean {
  return /^(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/.test(code)
}

async function diagnoseEndpoint(settings: RedisSettings, endpoint: RedisEndpoint): Promise<RedisProblem | undefined> {
  const named = (problem: RedisProblem | undefined) =>
    problem && { ...problem, reason: `${endpointText(endpoint)}: ${problem.reason}` }
  let redis: Redis | undefined
  try {
    redis = await openOnce({ ...endpoint, ...(await loginFor(settings, endpoint)), ...tlsOptions(settings) })
    return named(await diagnoseServer(settings, redis))
  } catch (error) {
    // A server that sent a reply uses the right transport.
    const transport = isReply(error) ? undefined : await otherTransport(settings, endpoint, error)
    return named(transport ?? explained(settings, error))
  } finally {
    redis?.disconnect()
  }
}

async function loginFor(settings: RedisSettings, endpoint: RedisEndpoint) {
  const { mode, sentinel, login } = settings
  if (mode !== 'sentinel') return loginOptions(login)
  if (sentinel?.login) return loginOptions(sentinel.login)
  const own = loginOptions(login)
  return (await acceptedLogin([endpoint], own, tlsOptions(settings))) ?? own
}

/** A refused login of a sentinel concerns other settings than that of a server. */
function explained({ mode }: RedisSettings, error: unknown): RedisProblem {
  const problem = explainRedisError(error) ?? {
    code: 'unknown',
    reason: 'Redis closed the connection or gave no answer that is understood',
  }
  if (mode !== 'sentinel' || !/^(WRONGPASS|NOAUTH)$/.test(problem.code)) return problem
  return {
    ...problem,
    reason: 'the sentinel refuses the password: set REDIS_SENTINEL_PASSWORD (and REDIS_SENTINEL_USERNAME)',
  }
}

/** Sends as few commands as possible: each that the documented users may not send adds a line to ACL LOG. */
async function diagnoseServer(settings: RedisSettings, redis: Redis): Promise<RedisProblem | undefined> {
  const { mode } = settings
  const role = await unlessError(() => redis.call('ROLE'), roleOf)
  if (mode === 'sentinel')
    return role === undefined || role === 'sentinel' ? diagnoseSentinel(settings, redis) : NOT_A_SENTINEL
  const info = await unlessError(() => redis.info('server'), String)
  if (role === 'sentinel' || info?.includes('redis_mode:sentinel') === true) {
    return { code: 'SENTINEL', reason: 'this is a sentinel: set REDIS_MODE=sentinel and REDIS_SENTINEL_NAME' }
  }
  if (mode === 'cluster') return diagnoseCluster(redis)
  const isNode = info?.includes('redis_mode:cluster') ?? hasNodes(await answerOf(() => redis.call('CLUSTER', 'INFO')))
  if (isNode) return { code: 'CLUSTER', reason: 'this is a node of a Redis Cluster: set REDIS_MODE=cluster' }
  if (role === 'slave') return explainRedisError(replyError('READONLY')) ?? undefined
  return undefined
}

const NOT_A_SENTINEL: RedisProblem = {
  code: 'NOT_A_SENTINEL',
  reason: 'this is no sentinel: REDIS_URL has to name the sentinels, or set REDIS_MODE=standalone',
}

async function diagnoseSentinel(
  { sentinel, ...settings }: RedisSettings,
  redis: Redis,
): Promise<RedisProblem | undefined> {
  const address = await answerOf(() => redis.call('SENTINEL', 'get-master-addr-by-name', sentinel?.name ?? ''))
  if (address instanceof Error) return explainedBySentinel(address)
  if (!Array.isArray(address)) {
    return { code: 'UNKNOWN_MASTER', reason: 'the sentinel knows no master of the name in REDIS_SENTINEL_NAME' }
  }
  const master = { host: String(address[0]), port: Number(address[1]) }
  return diagnoseEndpoint({ ...settings, mode: 'standalone', sentinel: undefined }, master)
}

function explainedBySentinel(error: Error): RedisProblem | undefined {
  if (isUnknownCommand(error)) return NOT_A_SENTINEL
  if (!error.message.startsWith('NOPERM')) return explainRedisError(error)
  const asking = 'the sentinel does not let its user ask SENTINEL get-master-addr-by-name'
  return { code: 'NOPERM', reason: `${asking}: give it the rights of the user sentinel-client of the documentation` }
}

async function diagnoseCluster(redis: Redis): Promise<RedisProblem | undefined> {
  const info = await answerOf(() => redis.call('CLUSTER', 'INFO'))
  if (info instanceof Error) {
    if (isUnknownCommand(info) || /cluster support disabled/i.test(info.message)) {
      return { code: 'NOT_A_CLUSTER', reason: 'this is no node of a Redis Cluster: set REDIS_MODE=standalone' }
    }
    return explainRedisError(info)
  }
  const slots = await answerOf(() => redis.call('CLUSTER', 'SLOTS'))
  if (slots instanceof Error) return explainRedisError(slots)
  const covered = Number(infoField(String(info), 'cluster_slots_ok') ?? 0)
  if (covered < 16_384) {
    return { code: 'UNCOVERED_SLOTS', reason: `${16_384 - covered} slots of the cluster have no master that is up` }
  }
  if (infoField(String(info), 'cluster_state') === 'ok') return undefined
  return {
    code: 'CLUSTERDOWN',
    reason: 'the cluster says that it is down (CLUSTER INFO): most of its masters cannot be reached',
  }
}

/** Whether the server uses the other transport: TLS or plain. */
async function otherTransport(
  { tls }: RedisSettings,
  endpoint: RedisEndpoint,
  error: unknown,
): Promise<RedisProblem | undefined> {
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ECONNREFUSED')) return undefined
  if (tls) {
    const isPlain = await speaksPlain(endpoint)
    return isPlain ? { code: 'NOT_TLS', reason: 'the server does not speak TLS: use redis: in REDIS_URL' } : undefined
  }
  return (await speaksTls(endpoint))
    ? { code: 'TLS', reason: 'the server speaks TLS: use rediss: in REDIS_URL' }
    : undefined
}

function speaksPlain(endpoint: RedisEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(endpoint, () => socket.write('PING\r\n'))
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy())
    socket.once('data', (data) => {
      resolve(/^[+-]/.test(data.toString('latin1')))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

/** Whether a TLS handshake succeeds, with any certificate. Nothing is sent after it. */
function speaksTls(endpoint: RedisEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ ...endpoint, rejectUnauthorized: false }, () => {
      resolve(true)
      socket.destroy()
    })
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy())
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

function isUnknownCommand({ message }: Error): boolean {
  return /unknown command/i.test(message)
}

function roleOf(answer: unknown): string {
  return Array.isArray(answer) ? String(answer[0]) : ''
}

function hasNodes(info: unknown): boolean {
  return typeof info === 'string' && info.includes('cluster_state')
}

/** The answer, or the error. */
async function answerOf(command: () => Promise<unknown>): Promise<unknown> {
  try {
    return await command()
  } catch (error) {
    return error instanceof Error ? error : new Error('unknown')
  }
}

/** undefined after an error: managed servers forbid INFO or ROLE. */
async function unlessError<T>(command: () => Promise<unknown>, read: (answer: unknown) => T): Promise<T | undefined> {
  const answer = await answerOf(command)
  return answer instanceof Error ? undefined : read(answer)
}

function replyError(code: string): Error {
  return Object.assign(new Error(code), { name: 'ReplyError' })
}
