// Owns: whether Redis can be relied on now: it takes writes, it never evicts, it is the master, it has room, and what time it has.
import { Cluster } from 'ioredis'
import type { RedisConnection } from './connect.ts'

const PROBE_TTL_MS = 60_000

/** A write, since a replica, a full or a failing disk all still answer PING. Rejects when Redis does not take it. */
export async function probeWrite(redis: RedisConnection, probeKey: string): Promise<void> {
  await redis.set(probeKey, '1', 'PX', PROBE_TTL_MS)
}

/** `maxmemory-policy`, from INFO: CONFIG is usually forbidden to applications. */
export async function evictionPolicy(redis: RedisConnection): Promise<string | undefined> {
  return field(await redis.info('memory'), 'maxmemory_policy')
}

/** `master` or `slave`, as INFO says; undefined when it does not say. */
export async function replicationRole(redis: RedisConnection): Promise<string | undefined> {
  return field(await redis.info('replication'), 'role')
}

/** Of `maxmemory`, from 0 to 1 and above; 0 when there is no limit. In a cluster, the fullest master's. */
export async function memoryShare(redis: RedisConnection): Promise<number> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis]
  const shares = nodes.map(async (node) => {
    const info = await node.info('memory')
    const limit = Number(field(info, 'maxmemory') ?? 0)
    return limit > 0 ? Number(field(info, 'used_memory') ?? 0) / limit : 0
  })
  return Math.max(0, ...(await Promise.all(shares)))
}

/** By Redis' own clock, in milliseconds. */
export async function redisTimeMs(redis: RedisConnection): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
}
