// Owns: a private Redis Cluster of masters, with the settings of redis-server.mjs.
import { Cluster } from 'ioredis'
import { startCluster as startNodes } from '../../test/dist/helpers/redis-forms.js'
import { redisBinary, SETTINGS } from './redis-server.mjs'

export async function startCluster(masters) {
  const form = await startNodes({ masters, nodeTimeoutMs: 10_000, args: SETTINGS, binary: await redisBinary() })
  const client = new Cluster(form.servers.map(({ port }) => ({ host: '127.0.0.1', port })))
  return {
    env: form.env,
    pids: form.servers.map((server) => server.pid()),
    client,
    async stop() {
      client.disconnect()
      await form.stop()
    },
  }
}
