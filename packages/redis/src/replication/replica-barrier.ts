// Owns: confirming a write by REDIS_MIN_REPLICAS replicas, with the command WAIT. WAIT blocks its connection, so it has
// one of its own. WAIT covers the writes of its own connection, so a probe key is written before it, which is
// replicated after the caller's write. A reconnect may lead to another server, so both sockets must be the same as
// before the write. @see https://redis.io/docs/latest/commands/wait/
import { once } from 'node:events'
import type { RedisSettings } from '@wxgw/contracts'
import { afterReading, GatewayError, inTime } from '@wxgw/wechat-core'
import { Cluster, type Redis } from 'ioredis'
import { connectNode, connectRedis, type RedisConnection } from '../connect.ts'
import { replicaProbeKey } from '../keys.ts'
import { mastersOf } from '../servers.ts'
import { findMaster, type Master, masterNameOf, masterOf, serverOf } from './master-of-key.ts'
import { createTrials } from './trials.ts'

export type ReplicaBarrier = {
  /**
   * Runs a write to `key` through the `commands` connection and resolves with its answer when enough replicas have it.
   * Rejects as the write, or with STORE_UNAVAILABLE (retry) after at most 1.2 s. The write may then exist, so it must
   * be safe to repeat. While a master or its replicas are away, one caller at a time tries; the others are refused
   * within 100 ms and write nothing.
   */
  confirmed<T>(key: string, write: () => Promise<T>): Promise<T>
  close(): void
}

export const NO_REPLICA_BARRIER: ReplicaBarrier = { confirmed: (_key, write) => write(), close: () => undefined }

type ReplicaBarrierDeps = {
  settings: RedisSettings
  commands: RedisConnection
  minReplicas: number
  onError(error: Error): void
}

/** The time that a push has for Redis: connections, the write and the WAIT together. */
const CONFIRMED_WITHIN_MS = 1_200
const WAIT_MS = 500
/**
 * The shortest possible life. While a slot migrates, a write goes to the new master by ASK; an older probe key at the
 * former master would make WAIT run there.
 */
const PROBE_LIFE_MS = 1
const OPENED_WITHIN_MS = 500

/** The name of a single Redis, and of the unknown master of a slot. */
const THE_SERVER = ''

type Waiter = { key: string; resolve(): void; reject(error: unknown): void }

/** A connection for WAIT alone, one per master. One WAIT serves all callers that came before it was sent. */
type WaitConnection = { redis: Redis; confirm(key: string): Promise<void> }

export function createReplicaBarrier({ settings, commands, minReplicas, onError }: ReplicaBarrierDeps): ReplicaBarrier {
  const connections = new Map<string, WaitConnection>()

  function connectionTo(master: Master): WaitConnection {
    const known = connections.get(master.name)
    if (known) return known
    closeConnectionsToFormerMasters()
    const redis = master.endpoint
      ? connectNode(settings, master.endpoint, onError)
      : connectRedis(settings, 'commands', onError)
    if (redis instanceof Cluster) throw new Error('a cluster has a connection to each master')
    const connection = { redis, confirm: confirmOn(redis, minReplicas) }
    connections.set(master.name, connection)
    return connection
  }

  function closeConnectionsToFormerMasters(): void {
    if (!(commands instanceof Cluster)) return
    const names = new Set(mastersOf(commands).map(({ options: { host, port } }) => `${host}:${port}`))
    for (const [name, { redis }] of connections) {
      if (names.has(name)) continue
      redis.disconnect()
      connections.delete(name)
    }
  }

  async function confirm<T>(key: string, write: () => Promise<T>): Promise<T> {
    const master = await findMaster(commands, key)
    if (!master) throw unconfirmed('the master of the slot is not known now')
    const connection = connectionTo(master)
    await untilReady(connection.redis)
    // ioredis connects to a node of a cluster at its first command.
    if (!master.commands.stream) await master.commands.ping()
    const sockets = [connection.redis.stream, master.commands.stream] as const
    if (!sockets[0] || !sockets[1]) throw unconfirmed('there is no connection')
    const [own, theirs] = await Promise.all([serverOf(connection.redis), serverOf(master.commands)])
    if (own === undefined) throw unconfirmed('INFO does not say which server this is')
    if (own !== theirs) throw unconfirmed('the connections lead to different servers')
    const answer = await write()
    const isSame = () =>
      connection.redis.stream === sockets[0] &&
      master.commands.stream === sockets[1] &&
      masterOf(commands, key)?.name === master.name
    if (!isSame()) throw unconfirmed('a connection was lost meanwhile')
    await connection.confirm(key)
    if (!isSame()) throw unconfirmed('a connection was lost meanwhile')
    return answer
  }

  const trials = createTrials()

  return {
    confirmed: (key, write) =>
      trials.run(masterNameOf(commands, key) ?? THE_SERVER, () =>
        inTime(CONFIRMED_WITHIN_MS, confirm(key, write), () => unconfirmed(`not within ${CONFIRMED_WITHIN_MS} ms`)),
      ),
    close() {
      for (const { redis } of connections.values()) redis.disconnect()
      connections.clear()
    },
  }
}

/** One WAIT at a time. Callers that arrive meanwhile share the next one. */
function confirmOn(redis: Redis, minReplicas: number): (key: string) => Promise<void> {
  let waiting: Waiter[] = []
  let isBusy = false

  async function sendWait(key: string): Promise<void> {
    const answers = await redis
      .pipeline()
      .set(replicaProbeKey(key), '1', 'PX', PROBE_LIFE_MS)
      .wait(minReplicas, WAIT_MS)
      .exec()
    const [[writeError] = [null], [waitError, replicas] = [null, 0]] = answers ?? []
    if (writeError ?? waitError) throw writeError ?? waitError
    if (Number(replicas) < minReplicas)
      throw unconfirmed(`${Number(replicas)} of ${minReplicas} replicas have the write in time`)
  }

  async function run(): Promise<void> {
    isBusy = true
    for (let batch = waiting; batch.length > 0; batch = waiting) {
      waiting = []
      try {
        await sendWait(batch[0]?.key ?? '')
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isBusy = false
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject })
      if (!isBusy) void run()
    })
}

const opening = new WeakMap<Redis, Promise<void>>()

/** The connection opens with the first write to its master. */
function untilReady(redis: Redis): Promise<void> | void {
  if (redis.status === 'ready') return undefined
  const known = opening.get(redis)
  if (known) return known
  const ready = readyInTime(redis).finally(() => opening.delete(redis))
  opening.set(redis, ready)
  return ready
}

async function readyInTime(redis: Redis): Promise<void> {
  const late = new AbortController()
  const timer = afterReading(OPENED_WITHIN_MS, () => late.abort())
  try {
    await once(redis, 'ready', { signal: late.signal })
  } catch {
    throw unconfirmed('there is no connection to wait on')
  } finally {
    clearTimeout(timer)
  }
}

function unconfirmed(why: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `too few replicas have the write: ${why}`, { retry: true })
}
