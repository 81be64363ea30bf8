// Owns: whether Redis can be relied on now: it takes writes, it never evicts, it is the master, it has room, and what
// time it has.
import type { Redis } from 'ioredis'
import type { RedisConnection } from './connect.ts'
import { infoField, infoOf, mastersOf, unlessRefused } from './servers.ts'
import { isReply } from './store-errors.ts'

const PROBE_TTL_MS = 60_000

/** A write, since a replica, a full or a failing disk all still answer PING. Rejects when Redis does not take it. */
export async function probeWrite(redis: RedisConnection, probeKey: string): Promise<void> {
  await redis.set(probeKey, '1', 'PX', PROBE_TTL_MS)
}

/**
 * `maxmemory-policy`, from INFO: CONFIG is usually forbidden to applications. In a cluster, of the first master where
 * it is wrong.
 */
export async function evictionPolicy(redis: RedisConnection): Promise<string | undefined> {
  const policies = await Promise.all(
    mastersOf(redis).map(async (node) => infoField(await infoOf(node, 'memory'), 'maxmemory_policy')),
  )
  return policies.find((policy) => policy !== undefined && policy !== 'noeviction') ?? policies[0]
}

/**
 * What a crash or a power cut of Redis would lose, in a sentence; undefined when nothing, or when it cannot be read:
 * managed servers forbid INFO or CONFIG. In a cluster, of the first master where something is.
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

/** Nodes that refused CONFIG: asked again, each time would stand in their ACL LOG. */
const withoutConfig = new WeakSet<Redis>()

/** '' where it cannot be read. */
async function appendFsync(node: Redis): Promise<string> {
  if (withoutConfig.has(node)) return ''
  const fsync = await unlessRefused(async () => String((await node.config('GET', 'appendfsync')).at(-1)))
  if (fsync === '') withoutConfig.add(node)
  return fsync
}

/** `master` or `slave`, as INFO says; undefined when it does not say. */
export async function replicationRole(redis: RedisConnection): Promise<string | undefined> {
  return infoField(await infoOf(redis, 'replication'), 'role')
}

/** Of `maxmemory`, from 0 to 1 and above; 0 when there is no limit. In a cluster, the fullest master's. */
export async function memoryShare(redis: RedisConnection): Promise<number> {
  const shares = mastersOf(redis).map(async (node) => {
    const info = await infoOf(node, 'memory')
    const limit = Number(infoField(info, 'maxmemory') ?? 0)
    return limit > 0 ? Number(infoField(info, 'used_memory') ?? 0) / limit : 0
  })
  return Math.max(0, ...(await Promise.all(shares)))
}

/** By Redis' own clock, in milliseconds. */
export async function redisTimeMs(redis: RedisConnection): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

/** The master that has the fewest, as INFO counts them; undefined where INFO is forbidden. */
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

/** As the connection has it: behind sentinels that of the server that they named. */
function addressOf({ stream }: Redis): string {
  return `${stream.remoteAddress}:${stream.remotePort}`
}

/** Whether the user may not ask INFO, as at some managed servers. undefined: Redis is away, nobody knows. */
export async function isInfoRefused(redis: RedisConnection): Promise<boolean | undefined> {
  try {
    await redis.info('server')
    return false
  } catch (error) {
    return isReply(error) ? true : undefined
  }
}
