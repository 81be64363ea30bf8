// Owns: one attempt to open a connection, with the cause of a failure. The driver's `connect()` always rejects with
// "Connection is closed."; the cause is in its `error` event.
import { Redis, type RedisOptions } from 'ioredis'

type OnceOptions = Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'tls'>

const CONNECT_TIMEOUT_MS = 1_000

/** The caller disconnects. Rejects with the error of the server or the network, within two seconds. */
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
  let cause: Error | undefined
  redis.on('error', (error) => (cause = error))
  try {
    await redis.connect()
    return redis
  } catch (error) {
    redis.disconnect()
    throw cause ?? error
  }
}
