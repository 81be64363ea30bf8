// Owns: the addresses of a webhook's host. Which of them may be reached is the address guard's business.
import { lookup, Resolver } from 'node:dns/promises'

export type HostAddress = { address: string; family: number }
/** Rejects with a DNS error (`code`), or answers at least one address. */
export type ResolveHost = (hostname: string) => Promise<readonly HostAddress[]>

const QUERY_TIMEOUT_MS = 2_000
const QUERY_TRIES = 2

/**
 * Asks the name servers over sockets of our own. getaddrinfo would hold one of libuv's four threads for as long as a
 * name server is silent: four webhooks with a dead name server, and no one in the process finds WeChat's address.
 * It is asked only for what the name servers know nothing of and the machine may: `localhost`, /etc/hosts, search domains.
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
      .find(isNoPlainNo)
    if (failure !== undefined) throw failure
    return lookup(hostname, { all: true })
  }
}

/** Everything but "there is no such name" and "the name has no such record". */
function isNoPlainNo(failure: unknown): boolean {
  if (failure === undefined) return false
  const code = typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : undefined
  return code !== 'ENOTFOUND' && code !== 'ENODATA'
}
