// Owns: the servers behind a connection, and reading INFO of one.
import { Cluster, type Redis } from 'ioredis'
import type { RedisConnection } from './connect.ts'
import { isReply } from './store-errors.ts'

/** The server itself, or the masters of the cluster. */
export function mastersOf(redis: RedisConnection): Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis]
}

/** A section of INFO; '' where the server forbids it. */
export function infoOf(node: RedisConnection, section: string): Promise<string> {
  return unlessRefused(() => node.info(section))
}

/** '' where the server refuses to answer. */
export async function unlessRefused(command: () => Promise<string>): Promise<string> {
  try {
    return await command()
  } catch (error) {
    if (isReply(error)) return ''
    throw error
  }
}

/** One line of INFO or of CLUSTER INFO. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
}

/** The run id of a server process, new at each start. `info`: the section `server`. */
export function runIdOf(info: string): string | undefined {
  return infoField(info, 'run_id')
}
