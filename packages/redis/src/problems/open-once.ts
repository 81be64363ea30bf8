// Owns: one attempt to open a connection, with the reason when it fails. The driver's own `connect()` rejects with
// "Connection is closed." whatever happened; the reason is in its `error` event.
import { Redis, type RedisOptions } from 'ioredis'

type OnceOptions = Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'tls'>

const CONNECT_TIMEOUT_MS = 1_000

/** The caller disconnects. Rejects with what the server or the network said; within two seconds. */
export async function openOnce(options: OnceOptions): Promise<Redis> {
  const redis = new Redis({
    ...options,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    disableClientInfo: true,
  })
  let reason: Error | undefined
  redis.on('error', (error) => (reason = error))
  try {
    await redis.connect()
    return redis
  } catch (error) {
    redis.disconnect()
    throw reason ?? error
  }
}
