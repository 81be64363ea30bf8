// Owns: a private Redis with the settings of docker-compose.yml, and the figures that a benchmark reads from it.
import { Redis } from 'ioredis'
import { ensureRedisServer } from '../../scripts/redis-binary.mjs'
import { startRedis as startServer } from '../../test/dist/helpers/redis-server.js'

export const SETTINGS = [
  // Rewrites depend on the growth of the file: an empty Redis would rewrite every few seconds, a full one rarely.
  ['--auto-aof-rewrite-percentage', '0'],
  ['--hash-max-listpack-value', '4096'],
].flat()

/** `fsync`: `everysec` or `always`. `replicaOf`: the port of its master. */
export async function startRedis({ fsync = 'everysec', replicaOf } = {}) {
  const following = replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', String(replicaOf)]
  const binary = await redisBinary()
  const server = await startServer([...SETTINGS, '--appendfsync', fsync, ...following], { binary })
  const client = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 30 })
  client.on('error', () => {})
  return {
    url: server.url,
    port: server.port,
    pid: server.pid(),
    client,
    async version() {
      return /redis_version:(\S+)/.exec(await client.info('server'))?.[1]
    },
    async usedBytes() {
      return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
    },
    async stop() {
      client.disconnect()
      await server.stop()
    },
  }
}

export async function redisBinary() {
  const found = await ensureRedisServer()
  if (found === undefined) throw new Error('the benchmark needs redis-server or valkey-server in PATH')
  return found.path
}
