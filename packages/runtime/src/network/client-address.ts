// Owns: addresses of clients in X-Forwarded-For: accepted formats, trusted proxies, and what counts as one client.
import ipaddr from 'ipaddr.js'
import { isIPv4, isIPv6 } from 'node:net'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A subscriber of IPv6 is given a /64 at least and may use any address of it. */
const CLIENT_BITS = 64
const MAX_PORT = 65_535

/** Whether the address of a header or a socket is in one of `networks` (CIDRs). Throws on an invalid CIDR. */
export function createProxyTrust(networks: readonly string[]): (address: string) => boolean {
  const trusted = networks.map((cidr) => plainNetwork(ipaddr.parseCIDR(cidr)))
  return (text) => {
    const address = parseClientAddress(text)
    if (address === undefined) return false
    return trusted.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
  }
}

/**
 * One text for each client, whatever its port: an IPv4 address, or the /64 of an IPv6 address. `hops` are the addresses
 * from the socket's to the client's, nearest first, all but the last of trusted proxies. A last one that is no address
 * counts for the proxy that wrote it.
 */
export function clientOf(hops: readonly (string | undefined)[]): string {
  for (const hop of [...hops].reverse()) {
    const address = parseClientAddress(hop ?? '')
    if (address !== undefined) return address instanceof ipaddr.IPv6 ? networkOf(address) : address.toString()
  }
  return 'unknown'
}

function networkOf(address: ipaddr.IPv6): string {
  const cidr = `${address.toString()}/${CLIENT_BITS}`
  return `${ipaddr.IPv6.networkAddressFromCIDR(cidr).toString()}/${CLIENT_BITS}`
}

/**
 * `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`, the first and the last also with `:port`; in double quotes, too. A zone
 * (`%eth0`) is left out, an IPv4 address mapped into IPv6 is that IPv4 address. Everything else is no address: a name,
 * `unknown`, `_hidden`, shortened or octal IPv4.
 */
function parseClientAddress(text: string): Address | undefined {
  const plain = text.trim().replace(/^"(.*)"$/, '$1')
  const withPort = /^(?:\[(?<v6>[^\]]*)\]|(?<v4>[\d.]+))(?::(?<port>\d{1,5}))?$/.exec(plain)?.groups
  if (withPort && Number(withPort['port'] ?? 0) > MAX_PORT) return undefined
  const v4 = withPort?.['v4']
  if (v4 !== undefined) return isIPv4(v4) ? ipaddr.IPv4.parse(v4) : undefined
  const v6 = (withPort?.['v6'] ?? plain).replace(/%[\w.-]+$/, '')
  return isIPv6(v6) ? unmapped(ipaddr.IPv6.parse(v6)) : undefined
}

function unmapped(address: ipaddr.IPv6): Address {
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** Turns a network of mapped addresses into its IPv4 network. */
function plainNetwork([network, bits]: [Address, number]): [Address, number] {
  const isMapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96
  return isMapped ? [network.toIPv4Address(), bits - 96] : [network, bits]
}
