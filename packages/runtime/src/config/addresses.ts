// Owns: parsing URLs, origins, networks and hosts in settings.
import { Secret } from '@wxgw/wechat-core'
import ipaddr from 'ipaddr.js'
import { matching, type Parsed, type Parser } from './parsed.ts'

export const host: Parser<string> = matching(
  /^(?:[0-9A-Za-z_](?:[0-9A-Za-z._-]*[0-9A-Za-z_])?|[0-9A-Fa-f:.]+)$/,
  'must be a host name or an IP address',
)

/** `http(s)://host[:port][/path]`, without a trailing slash, so that paths can be appended. */
export const httpBaseUrl: Parser<string> = (text) => {
  const url = httpUrl(text)
  if (!url) return { problem: 'must be an http or https URL without credentials' }
  if (url.search !== '' || url.hash !== '') return { problem: 'must be a URL without a query and without a fragment' }
  return { value: url.origin + url.pathname.replace(/\/+$/, '') }
}

/** `http(s)://host[:port]` and nothing after it. */
export const httpOrigin: Parser<string> = (text) => {
  const url = httpUrl(text)
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === ''
  return isOrigin ? { value: url.origin } : { problem: 'must be an origin such as https://www.example.com' }
}

/** `http(s)://[user:password@]host[:port]`; the whole of it is a secret. */
export const httpProxyUrl: Parser<Secret> = (text) => {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const isProxy =
    url?.pathname === '/' && url.search === '' && url.hash === '' && isDecodable(url.username + url.password)
  return isProxy
    ? { value: new Secret(url.href) }
    : { problem: 'must be a proxy such as http://user:password@proxy.example:3128' }
}

/** A CIDR, or one address. Returns a CIDR in canonical notation. */
export const network: Parser<string> = (text) => {
  const problem: Parsed<string> = { problem: 'must be a network such as 10.0.0.0/8 or fd00::/8' }
  const [address = '', bits, ...rest] = text.split('/')
  if (rest.length > 0 || !isPlainAddress(address)) return problem
  const parsed = ipaddr.parse(address)
  const width = parsed.kind() === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  return prefix <= width ? { value: `${parsed.toString()}/${prefix}` } : problem
}

function httpUrl(text: string): URL | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.username === '' && url.password === '' ? url : undefined
}

function isDecodable(text: string): boolean {
  return !/%(?![0-9a-f]{2})/i.test(text)
}

// ipaddr.js also accepts octal, hexadecimal and shortened IPv4. In a list of networks these are mistakes.
function isPlainAddress(text: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text))
  )
}
