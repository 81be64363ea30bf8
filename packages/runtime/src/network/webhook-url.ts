// Owns: checking the URL of a webhook by itself. The same address guard checks the resolved addresses at each
// connection.
import { isIP } from 'node:net'
import { createAddressGuard } from './address-guard.ts'

const LOOPBACK = ['127.0.0.1', '::1']
const LOOPBACK_NAMES = /^(?:localhost|ip6-localhost|ip6-loopback|localhost\.localdomain|(?:.+\.)?localhost)$/
/** Names that by definition never lead to a public host (RFC 6762, RFC 8375, ICANN's `internal`). */
const PRIVATE_NAMES = /(?:^|\.)(?:local|localdomain|internal|home\.arpa)$/
/** Services that return credentials of the machine. Their addresses are link-local; their names are always refused. */
const METADATA_NAMES = new Set([
  'instance-data',
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.tencentyun.com',
  'instance-data.ec2.internal',
])

/**
 * Why this URL may not be a webhook's, in a few words that its author may see; undefined when it may. Checks the host
 * as WHATWG URL normalises it (decimal, octal, hex, short and percent-encoded forms of IPv4 included). `allowNetworks`
 * (CIDRs) lifts the refusal of addresses inside, of names of this machine when the loopback is inside, and of private
 * names when it is not empty; credentials and metadata hosts stay refused.
 */
export function checkWebhookUrl(url: string, allowNetworks: readonly string[]): string | undefined {
  if (!URL.canParse(url)) return 'not a URL'
  const { protocol, username, password, hostname } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return 'neither http nor https'
  if (username !== '' || password !== '') return 'credentials in the URL'
  const host = bareHost(hostname)
  if (host === '') return 'no host'
  const guard = createAddressGuard(allowNetworks)
  if (isIP(host) !== 0) return guard(host)
  if (METADATA_NAMES.has(host)) return 'metadata host'
  if (LOOPBACK_NAMES.test(host))
    return LOOPBACK.some((address) => guard(address) === undefined) ? undefined : 'loopback name'
  if (PRIVATE_NAMES.test(host) && allowNetworks.length === 0) return 'private name'
  return undefined
}

/** The host without an IPv6 literal's brackets and without the dots of a fully qualified name. */
function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '')
}
