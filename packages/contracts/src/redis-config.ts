// Owns: the Redis settings. packages/runtime reads them, packages/redis connects with them.

/** A `Secret`: it never prints its text. */
type Hidden = { reveal(): string }

export type RedisLogin = { username: string | undefined; password: Hidden | undefined }

/** PEM texts. `ca` undefined: Node.js' own CAs. */
export type RedisTls = { ca: string | undefined; cert: string | undefined; key: Hidden | undefined }

/** IPv6 addresses without brackets. */
export type RedisEndpoint = { host: string; port: number }

/** `host:port`, an IPv6 address in brackets. */
export function endpointText({ host, port }: RedisEndpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export type RedisSettings = {
  mode: 'standalone' | 'cluster' | 'sentinel'
  /** The server, the cluster's seed nodes, or the sentinels. */
  endpoints: readonly RedisEndpoint[]
  login: RedisLogin
  database: number
  /** undefined: plain TCP. Applies to the sentinels, too. */
  tls: RedisTls | undefined
  /** Set in mode `sentinel`. `login` undefined: the servers' login where the sentinels accept it, else none. */
  sentinel: { name: string; login: RedisLogin | undefined } | undefined
}
