// Owns: version and memory of each Redis server, by INFO.
import type { RedisConnection } from '../connect.ts'
import { infoField, infoOf, mastersOf } from '../servers.ts'
import { guardStore } from '../store-errors.ts'

type ServerFacts = {
  /** undefined where INFO is forbidden. That of Valkey is the version of Redis with which it is compatible. */
  version: string | undefined
  usedBytes: number
  /** 0: no limit. */
  limitBytes: number
}

/** Of the server, or of each master of the cluster. Rejects with STORE_UNAVAILABLE when one does not answer. */
export function serverFacts(redis: RedisConnection): Promise<ServerFacts[]> {
  return guardStore(() => Promise.all(mastersOf(redis).map(factsOf)))
}

async function factsOf(node: RedisConnection): Promise<ServerFacts> {
  const [server, memory] = await Promise.all([infoOf(node, 'server'), infoOf(node, 'memory')])
  return {
    version: infoField(server, 'redis_version'),
    usedBytes: Number(infoField(memory, 'used_memory') ?? 0),
    limitBytes: Number(infoField(memory, 'maxmemory') ?? 0),
  }
}
