// Owns: a private Redis Cluster of masters on this machine, thrown away at the end.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { freePort } from '../../scripts/free-port.mjs'
import { ensureRedisServer } from '../../scripts/redis-binary.mjs'
import { startProcess } from './processes.mjs'
import { until } from './gateway.mjs'

const HOST = '127.0.0.1'
const directories = new Set()

process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

const SLOTS = 16_384

export async function startCluster(masters) {
  const found = await ensureRedisServer()
  if (found === undefined) throw new Error('the benchmark needs redis-server or valkey-server in PATH')
  const nodes = []
  for (let count = 0; count < masters; count += 1) nodes.push(await startNode(found.path))
  for (const [index, { client }] of nodes.entries()) {
    const from = Math.ceil((SLOTS * index) / masters)
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil((SLOTS * (index + 1)) / masters) - 1)
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
  }
  for (const { port, bus } of nodes.slice(1)) await nodes[0].client.call('CLUSTER', 'MEET', HOST, port, bus)
  const isOne = async ({ client }) => {
    const info = String(await client.call('CLUSTER', 'INFO'))
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}`)
  }
  await until('the cluster is one', async () => (await Promise.all(nodes.map(isOne))).every(Boolean))
  const client = new Cluster(nodes.map(({ port }) => ({ host: HOST, port })))
  return {
    url: nodes.map(({ port }) => `redis://${HOST}:${port}`).join(','),
    pids: nodes.map(({ server }) => server.pid),
    client,
    async stop() {
      client.disconnect()
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

async function startNode(path) {
  const [port, bus] = [await freePort(), await freePort()]
  const directory = mkdtempSync(join(tmpdir(), 'wxgw-bench-'))
  directories.add(directory)
  const options = {
    port,
    bind: HOST,
    dir: directory,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'auto-aof-rewrite-percentage': 0,
    'maxmemory-policy': 'noeviction',
    'hash-max-listpack-value': 4096,
    'cluster-enabled': 'yes',
    'cluster-port': bus,
    'cluster-announce-ip': HOST,
    'cluster-node-timeout': 10_000,
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = startProcess('redis-server', { command: path, args })
  const client = new Redis({ port, host: HOST, maxRetriesPerRequest: null, retryStrategy: () => 30 })
  client.on('error', () => {})
  await server.untilReady(() => client.ping().then(() => true))
  return {
    port,
    bus,
    server,
    client,
    async stop() {
      client.disconnect()
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
      directories.delete(directory)
    },
  }
}
