// Owns: that a write counts only when REDIS_MIN_REPLICAS replicas have it, by the command WAIT. WAIT blocks its
// connection, so it has one of its own. It counts replicas for the writes of its own connection, so a small write is
// sent before it, which is replicated after the caller's. After a reconnect it would ask another server, so both
// sockets must be the same as before the write.
// @see https://redis.io/docs/latest/commands/wait/
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
   * Rejects with what the write rejects with, or with STORE_UNAVAILABLE (retry), 1.2 s later at most: the write may
   * then be there all the same, so it has to be safe to repeat. While a master or its replicas are away, one caller at
   * a time tries; the others are refused within 100 ms and write nothing.
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

/** The time of a push for Redis: the write, the WAIT, and what each of them waits for. */
const CONFIRMED_WITHIN_MS = 1_200
const WAIT_MS = 500
/**
 * The shortest life of a key. While a slot moves, a write may go to the new master by ASK; if an older probe key still
 * existed at the former master, WAIT would be sent there.
 */
const PROBE_LIFE_MS = 1
const OPENED_WITHIN_MS = 500

/** The name for a single Redis, and for a slot whose master is unknown. */
const THE_SERVER = ''

type Waiter = { key: string; resolve(): void; reject(error: unknown): void }

/** One line per master: a connection for WAIT alone, which serves all callers that came before it was sent. */
type Line = { redis: Redis; confirm(key: string): Promise<void> }

export function createReplicaBarrier({ settings, commands, minReplicas, onError }: ReplicaBarrierDeps): ReplicaBarrier {
  const lines = new Map<string, Line>()

  function lineTo(master: Master): Line {
    const known = lines.get(master.name)
    if (known) return known
    closeLinesToFormerMasters()
    const redis = master.endpoint
      ? connectNode(settings, master.endpoint, onError)
      : connectRedis(settings, 'commands', onError)
    if (redis instanceof Cluster) throw new Error('a cluster has a line to each master')
    const line = { redis, confirm: confirmOn(redis, minReplicas) }
    lines.set(master.name, line)
    return line
  }

  function closeLinesToFormerMasters(): void {
    if (!(commands instanceof Cluster)) return
    const names = new Set(mastersOf(commands).map(({ options: { host, port } }) => `${host}:${port}`))
    for (const [name, { redis }] of lines) {
      if (names.has(name)) continue
      redis.disconnect()
      lines.delete(name)
    }
  }

  async function confirm<T>(key: string, write: () => Promise<T>): Promise<T> {
    const master = await findMaster(commands, key)
    if (!master) throw unconfirmed('the master of the slot is not known now')
    const line = lineTo(master)
    await untilReady(line.redis)
    // ioredis connects to a node of a cluster at its first command.
    if (!master.commands.stream) await master.commands.ping()
    const sockets = [line.redis.stream, master.commands.stream] as const
    if (!sockets[0] || !sockets[1]) throw unconfirmed('there is no connection')
    const [own, theirs] = await Promise.all([serverOf(line.redis), serverOf(master.commands)])
    if (own === undefined) throw unconfirmed('INFO does not say which server this is')
    if (own !== theirs) throw unconfirmed('the connections lead to different servers')
    const answer = await write()
    const isSame = () =>
      line.redis.stream === sockets[0] &&
      master.commands.stream === sockets[1] &&
      masterOf(commands, key)?.name === master.name
    if (!isSame()) throw unconfirmed('a connection was lost meanwhile')
    await line.confirm(key)
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
      for (const { redis } of lines.values()) redis.disconnect()
      lines.clear()
    },
  }
}

/** One WAIT at a time. Callers that come meanwhile share the next one. */
function confirmOn(redis: Redis, minReplicas: number): (key: string) => Promise<void> {
  let waiting: Waiter[] = []
  let isBusy = false

  async function ask(key: string): Promise<void> {
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

  async function work(): Promise<void> {
    isBusy = true
    for (let batch = waiting; batch.length > 0; batch = waiting) {
      waiting = []
      try {
        await ask(batch[0]?.key ?? '')
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
      if (!isBusy) void work()
    })
}

const opening = new WeakMap<Redis, Promise<void>>()

/** A line opens with the first write to its master. */
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
