// Owns: the credentials for sentinels when none are configured: those of the servers, or none if a sentinel refuses
// them. Helm charts set the same password for both; older installations protect the servers only.
import type { RedisEndpoint } from '@wxgw/contracts'
import type { ConnectionOptions } from 'node:tls'
import { openOnce } from '../problems/open-once.ts'

export type Login = { username?: string; password?: string }

/** `login`, or an empty one when the first sentinel that answers refuses it. undefined: no sentinel answers. */
export async function acceptedLogin(
  sentinels: readonly RedisEndpoint[],
  login: Login,
  tls: { tls?: ConnectionOptions },
): Promise<Login | undefined> {
  const attempts = sentinels.map(async (endpoint) => {
    try {
      const sentinel = await openOnce({ ...endpoint, ...login, ...tls })
      sentinel.disconnect()
      return login
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGPASS')) return {}
      throw error
    }
  })
  return Promise.any(attempts).catch(() => undefined)
}

/** After a failover many connections reconnect: one attempt serves all of them. */
const CACHED_MS = 60_000

/** Caches the result for a minute. */
export function rememberLogin(find: () => Promise<Login | undefined>): () => Promise<Login | undefined> {
  let cached: { login: Login; atMs: number } | undefined
  return async () => {
    const nowMs = performance.now()
    if (cached && nowMs - cached.atMs < CACHED_MS) return cached.login
    const login = await find()
    if (login) cached = { login, atMs: nowMs }
    return login
  }
}
