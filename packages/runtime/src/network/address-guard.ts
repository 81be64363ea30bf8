// Owns: which IP addresses a call to a URL given by others may reach. webhook-url.ts checks names and URLs.
import ipaddr from 'ipaddr.js'
import { isIP } from 'node:net'

/**
 * Why this address may not be reached, in a few words; undefined when it may. Anything but an IP address is refused.
 */
export type AddressGuard = (address: string) => string | undefined

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Address, number]

// Ranges that are not listed here and not plain unicast are refused under a general name.
const REASONS: Record<string, string> = {
  unspecified: 'unspecified address',
  broadcast: 'broadcast address',
  multicast: 'multicast address',
  linkLocal: 'link-local address',
  loopback: 'loopback address',
  carrierGradeNat: 'shared address',
  private: 'private address',
  uniqueLocal: 'private address',
  deprecatedSiteLocal: 'private address',
  // The forms of IPv6 that carry an IPv4 address inside: a translator or a tunnel would bring the call to it.
  ipv4Mapped: 'embedded IPv4 address',
  rfc6145: 'embedded IPv4 address',
  rfc6052: 'embedded IPv4 address',
  '6to4': 'embedded IPv4 address',
  teredo: 'embedded IPv4 address',
}
const OTHER_REASON = 'reserved address'

/**
 * All of today's public IPv6. Everything outside (IPv4-compatible, SRv6, discard-only, unassigned) is refused as a
 * whole.
 */
const PUBLIC_IPV6: Network = [ipaddr.parse('2000::'), 3]

const guards = new WeakMap<readonly string[], AddressGuard>()

/**
 * A guard that refuses every address outside the public unicast ranges, except those in `allowNetworks` (CIDRs).
 * An IPv4 address mapped into IPv6 is allowed only when the IPv4 address is in `allowNetworks`.
 * Throws on a CIDR that is none. The same array gives the same guard.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function createAddressGuard(allowNetworks: readonly string[]): AddressGuard {
  const known = guards.get(allowNetworks)
  if (known) return known
  const allowed = allowNetworks.map((cidr): Network => ipaddr.parseCIDR(cidr))
  const guard: AddressGuard = (text) => {
    // isIP first: ipaddr.js also accepts `127.1` or `0x7f000001`, which no resolver returns.
    if (isIP(text) === 0) return 'not an IP address'
    const address = ipaddr.parse(text)
    const effective =
      address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
    if (allowed.some((network) => contains(network, effective))) return undefined
    return refusal(address)
  }
  guards.set(allowNetworks, guard)
  return guard
}

function refusal(address: Address): string | undefined {
  const range: string = address.range()
  if (range !== 'unicast') return REASONS[range] ?? OTHER_REASON
  if (address.kind() === 'ipv6' && !contains(PUBLIC_IPV6, address)) return OTHER_REASON
  return undefined
}

function contains([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, bits)
}
