// Owns: which server serves a key, and whether it is still the same server process.
import slotOf from 'cluster-key-slot'
import { Cluster, type Redis } from 'ioredis'
import type { RedisConnection } from '../connect.ts'
import { runIdOf } from '../servers.ts'
import { isForbidden } from '../store-errors.ts'

export type Master = { name: string; commands: Redis; endpoint: { host: string; port: number } | undefined }

/** undefined: no cluster, or the master of the slot is unknown now. */
export function masterNameOf(redis: RedisConnection, key: string): string | undefined {
  return redis instanceof Cluster ? redis.slots[slotOf(key)]?.[0] : undefined
}

/** undefined: the master is unknown now. */
export function masterOf(redis: RedisConnection, key: string): Master | undefined {
  if (!(redis instanceof Cluster)) return { name: 'the server', commands: redis, endpoint: undefined }
  const name = masterNameOf(redis, key)
  const node = redis.nodes('all').find(({ options: { host, port } }) => `${host}:${port}` === name)
  const { host, port } = node?.options ?? {}
  if (!node || name === undefined || host === undefined || port === undefined) return undefined
  return { name, commands: node, endpoint: { host, port } }
}

/**
 * As `masterOf`, but sends a command with the key first when the master is unknown. ioredis drops a node whose
 * connection is lost, and finds it again only when another node answers MOVED to a command.
 */
export async function findMaster(redis: RedisConnection, key: string): Promise<Master | undefined> {
  const known = masterOf(redis, key)
  if (known) return known
  await redis.exists(key)
  return masterOf(redis, key)
}

type Socket = NonNullable<Redis['stream']>

const servers = new WeakMap<Socket, Promise<string | undefined>>()

/**
 * The run id of the connected server, read once per socket; it is new after each start of a server. undefined: INFO is
 * not allowed. Rejects as INFO when the server refuses it for now.
 */
export function serverOf(redis: Redis): Promise<string | undefined> {
  const socket = redis.stream
  const known = servers.get(socket)
  if (known) return known
  const reading = redis.info('server').then(runIdOf, (error: unknown) => {
    if (isForbidden(error)) return undefined
    throw error
  })
  servers.set(socket, reading)
  reading.catch(() => servers.delete(socket))
  return reading
}

/**
 * A value that changes when another server serves the key. Without the right to INFO it changes with each connection.
 */
export async function servedBy(redis: RedisConnection, key: string): Promise<unknown> {
  const master = await findMaster(redis, key)
  if (!master) return undefined
  // ioredis connects to a node of a cluster at its first command.
  if (!master.commands.stream) await master.commands.ping()
  return (await serverOf(master.commands)) ?? master.commands.stream
}
