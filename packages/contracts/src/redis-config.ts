// Owns: what is configured of Redis, as packages/runtime reads it and packages/redis connects by it.

/** A `Secret`: its text shows in nothing that is printed. */
type Hidden = { reveal(): string }

export type RedisLogin = { username: string | undefined; password: Hidden | undefined }

/** PEM texts. `ca` undefined = the CAs that Node.js knows. */
export type RedisTls = { ca: string | undefined; cert: string | undefined; key: Hidden | undefined }

/** IPv6 addresses without brackets. */
export type RedisEndpoint = { host: string; port: number }

/** `host:port`, an IPv6 address in brackets. */
export function endpointText({ host, port }: RedisEndpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

export type RedisSettings = {
  mode: 'standalone' | 'cluster' | 'sentinel'
  /** The server, the nodes of the cluster that are asked first, or the sentinels. */
  endpoints: readonly RedisEndpoint[]
  login: RedisLogin
  database: number
  /** undefined = plain TCP. Holds for the sentinels, too. */
  tls: RedisTls | undefined
  /** Set in mode `sentinel`. `login` undefined = that of the servers where the sentinels take it, else none. */
  sentinel: { name: string; login: RedisLogin | undefined } | undefined
}
