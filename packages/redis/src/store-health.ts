// Owns: the checks of a Redis: writes, eviction policy, persistence, role, replicas, free memory, and its clock.
import type { Redis } from 'ioredis'
import type { RedisConnection } from './connect.ts'
import { infoField, infoOf, mastersOf, unlessRefused } from './servers.ts'
import { isReply } from './store-errors.ts'

const PROBE_TTL_MS = 60_000

/** Writes a key: a replica, and a server with a full disk, answer PING but refuse writes. Rejects with that error. */
export async function probeWrite(redis: RedisConnection, probeKey: string): Promise<void> {
  await redis.set(probeKey, '1', 'PX', PROBE_TTL_MS)
}

/**
 * `maxmemory-policy` by INFO, because CONFIG is usually forbidden. In a cluster, of the first master where it is wrong.
 */
export async function evictionPolicy(redis: RedisConnection): Promise<string | undefined> {
  const policies = await Promise.all(
    mastersOf(redis).map(async (node) => infoField(await infoOf(node, 'memory'), 'maxmemory_policy')),
  )
  return policies.find((policy) => policy !== undefined && policy !== 'noeviction') ?? policies[0]
}

/**
 * What a crash or a power cut of Redis would lose, in a sentence. undefined: nothing, or it cannot be read, because
 * managed servers forbid INFO or CONFIG. In a cluster, of the first master with such a gap.
 */
export async function persistenceGap(redis: RedisConnection): Promise<string | undefined> {
  for (const node of mastersOf(redis)) {
    const isEnabled = infoField(await infoOf(node, 'persistence'), 'aof_enabled')
    if (isEnabled === '0')
      return 'appendonly is no: a crash of Redis loses what was acknowledged. Set appendonly yes, appendfsync always'
    const fsync = await appendFsync(node)
    if (/^(everysec|no)$/.test(fsync)) {
      return `appendfsync is ${fsync}: a power cut loses what was acknowledged last. Set appendfsync always`
    }
  }
  return undefined
}

/** Nodes that refused CONFIG: each further call would add a line to their ACL LOG. */
const withoutConfig = new WeakSet<Redis>()

/** '' where it cannot be read. */
async function appendFsync(node: Redis): Promise<string> {
  if (withoutConfig.has(node)) return ''
  const fsync = await unlessRefused(async () => String((await node.config('GET', 'appendfsync')).at(-1)))
  if (fsync === '') withoutConfig.add(node)
  return fsync
}

/** `master` or `slave`, by INFO; undefined where INFO does not contain it. */
export async function replicationRole(redis: RedisConnection): Promise<string | undefined> {
  return infoField(await infoOf(redis, 'replication'), 'role')
}

/**
 * Used memory as a share of `maxmemory`; 0 without a limit, above 1 when exceeded. In a cluster, of the fullest master.
 */
export async function memoryShare(redis: RedisConnection): Promise<number> {
  const shares = mastersOf(redis).map(async (node) => {
    const info = await infoOf(node, 'memory')
    const limit = Number(infoField(info, 'maxmemory') ?? 0)
    return limit > 0 ? Number(infoField(info, 'used_memory') ?? 0) / limit : 0
  })
  return Math.max(0, ...(await Promise.all(shares)))
}

/** The time of Redis' clock, in milliseconds. */
export async function redisTimeMs(redis: RedisConnection): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

/** The master with the fewest connected replicas, by INFO; undefined where INFO is forbidden. */
export async function fewestReplicas(
  redis: RedisConnection,
): Promise<{ master: string; replicas: number } | undefined> {
  const counts = await Promise.all(
    mastersOf(redis).map(async (node) => {
      const count = infoField(await infoOf(node, 'replication'), 'connected_slaves')
      return count === undefined ? [] : [{ master: addressOf(node), replicas: Number(count) }]
    }),
  )
  return counts.flat().toSorted((one, other) => one.replicas - other.replicas)[0]
}

/** The address of the connected server: with sentinels, of the master that they named. */
function addressOf({ stream }: Redis): string {
  return `${stream.remoteAddress}:${stream.remotePort}`
}

/** Whether the user has no right to INFO, as at some managed servers. undefined: unknown, because Redis is away. */
export async function isInfoRefused(redis: RedisConnection): Promise<boolean | undefined> {
  try {
    await redis.info('server')
    return false
  } catch (error) {
    return isReply(error) ? true : undefined
  }
}
