// The connection to Redis, in each form, for the programs beside it. The settings are named as the gateway's own:
//   one server   REDIS_URL=redis://USER:PASSWORD@redis:6379
//   a cluster    REDIS_MODE=cluster REDIS_URL=redis://USER:PASSWORD@node1:6379,redis://USER:PASSWORD@node2:6379
//   sentinels    REDIS_MODE=sentinel REDIS_SENTINEL_NAME=... REDIS_URL=redis://USER:PASSWORD@sentinel1:26379,...
//                and REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD where the sentinels want them
//   TLS          rediss: in REDIS_URL, and REDIS_TLS_CA_FILE where the CA is your own
import { readFileSync } from 'node:fs'
import { Cluster, Redis } from 'ioredis'

const { REDIS_URL = 'redis://127.0.0.1:6379', REDIS_MODE, REDIS_SENTINEL_NAME, REDIS_TLS_CA_FILE } = process.env

export function connect(options = {}) {
  const urls = REDIS_URL.split(',').map((url) => new URL(url))
  const [{ protocol, username, password, pathname }] = urls
  const tls = protocol === 'rediss:' ? { ca: REDIS_TLS_CA_FILE && readFileSync(REDIS_TLS_CA_FILE) } : undefined
  const server = {
    username: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
    db: Number(pathname.slice(1)),
    tls,
    // The driver asks INFO for it, which is not for every user.
    enableReadyCheck: false,
    ...options,
  }
  const redis = open(
    server,
    urls.map(({ hostname, port }) => ({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || undefined })),
  )
  redis.on('error', (error) => console.error('redis:', error.code ?? error.name))
  return redis
}

function open(server, addresses) {
  switch (REDIS_MODE) {
    case 'cluster':
      // Certificates name hosts: a resolved address is none of them.
      return new Cluster(addresses, { redisOptions: server, dnsLookup: (host, done) => done(null, host) })
    case 'sentinel':
      return new Redis({
        ...server,
        sentinels: addresses,
        name: REDIS_SENTINEL_NAME,
        sentinelUsername: process.env.REDIS_SENTINEL_USERNAME,
        sentinelPassword: process.env.REDIS_SENTINEL_PASSWORD,
        // Two options: with `tls` alone both connections are plain TCP.
        sentinelTLS: server.tls,
        enableTLSForSentinelMode: server.tls !== undefined,
      })
    default:
      return new Redis({ ...server, ...addresses[0] })
  }
}
