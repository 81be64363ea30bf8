// Owns: resolving a webhook's host. The address guard decides which of the addresses may be reached.
import { lookup, Resolver } from 'node:dns/promises'

export type HostAddress = { address: string; family: number }
/** Answers at least one address. Rejects with a DNS error (`code`). */
export type ResolveHost = (hostname: string) => Promise<readonly HostAddress[]>

const QUERY_TIMEOUT_MS = 2_000
const QUERY_TRIES = 2

/**
 * Queries the name servers directly. getaddrinfo would block one of libuv's four threads while a name server is silent:
 * after four webhooks with a dead name server, this process could not resolve WeChat's host. getaddrinfo is called only
 * for names that the name servers do not have and the machine may: `localhost`, /etc/hosts, search domains.
 */
export function createHostResolver(): ResolveHost {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES })
  return async (hostname) => {
    if (!hostname.includes('.')) return lookup(hostname, { all: true })
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    const addresses = answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
    )
    if (addresses.length > 0) return addresses
    const failure: unknown = answers
      .map((answer) => (answer.status === 'rejected' ? answer.reason : undefined))
      .find(isServerFailure)
    if (failure !== undefined) throw failure
    return lookup(hostname, { all: true })
  }
}

/** Everything but ENOTFOUND and ENODATA. */
function isServerFailure(failure: unknown): boolean {
  if (failure === undefined) return false
  const code = typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : undefined
  return code !== 'ENOTFOUND' && code !== 'ENODATA'
}
