// Owns: a private Redis as production has it, on a port and a directory of its own, thrown away at the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { ensureRedisServer } from '../../scripts/redis-binary.mjs'
import { freePort } from '../../scripts/free-port.mjs'
import { startProcess } from './processes.mjs'

/** `fsync`: of the append-only file, `everysec` or `always`. `replicaOf`: the port of its master. */
export async function startRedis({ fsync = 'everysec', replicaOf } = {}) {
  const found = await ensureRedisServer()
  if (found === undefined) throw new Error('the benchmark needs redis-server or valkey-server in PATH')
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'wxgw-bench-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const options = {
    port,
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'yes',
    appendfsync: fsync,
    // It follows the size of the file, not the pushes: an empty Redis that is filled rewrites every few seconds, a full one hardly ever.
    'auto-aof-rewrite-percentage': 0,
    'maxmemory-policy': 'noeviction',
    // As in docker-compose.yml.
    'hash-max-listpack-value': 4096,
  }
  const following = replicaOf === undefined ? [] : ['--replicaof', '127.0.0.1', String(replicaOf)]
  const args = [...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]), ...following]
  const server = startProcess('redis-server', { command: found.path, args })
  const client = new Redis({ port, host: '127.0.0.1', maxRetriesPerRequest: null, retryStrategy: () => 30 })
  client.on('error', () => {})
  await server.untilReady(() => client.ping().then(() => true))
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: server.pid,
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
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
