// Owns: which credentials the sentinels get when none are configured for them: those of the servers, or none where a
// sentinel does not take these. Charts set the same password for both; older installations protect the servers only.
import type { RedisEndpoint } from '@wxgw/contracts'
import type { ConnectionOptions } from 'node:tls'
import { openOnce } from '../problems/open-once.ts'

export type Login = { username?: string; password?: string }

/** `login`, or none when it is refused, as the first sentinel that answers says. undefined when none does. */
export async function acceptedLogin(
  sentinels: readonly RedisEndpoint[],
  login: Login,
  tls: { tls?: ConnectionOptions },
): Promise<Login | undefined> {
  const asked = sentinels.map(async (endpoint) => {
    try {
      const sentinel = await openOnce({ ...endpoint, ...login, ...tls })
      sentinel.disconnect()
      return login
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGPASS')) return {}
      throw error
    }
  })
  return Promise.any(asked).catch(() => undefined)
}

/** During a failover many connections come anew: the sentinels are asked once for all of them. */
const VERDICT_HOLDS_MS = 60_000

/** As `acceptedLogin`, kept for a minute. */
export function rememberLogin(find: () => Promise<Login | undefined>): () => Promise<Login | undefined> {
  let verdict: { login: Login; atMs: number } | undefined
  return async () => {
    const nowMs = performance.now()
    if (verdict && nowMs - verdict.atMs < VERDICT_HOLDS_MS) return verdict.login
    const login = await find()
    if (login) verdict = { login, atMs: nowMs }
    return login
  }
}
