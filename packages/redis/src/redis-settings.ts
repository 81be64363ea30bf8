// Owns: what is configured of Redis, and what of it becomes options of the driver, alike for all three modes.
// How patient each role is stands in connect.ts.
import type { Secret } from '@wxgw/wechat-core'
import type { ConnectionOptions } from 'node:tls'

export type RedisLogin = { username: string | undefined; password: Secret | undefined }

export type RedisSettings = {
  mode: 'standalone' | 'cluster' | 'sentinel'
  /** The server, the nodes of the cluster that are asked first, or the sentinels. */
  endpoints: ReadonlyArray<RedisEndpoint>
  login: RedisLogin
  database: number
  /** PEM texts. undefined = plain TCP; `ca` undefined = the CAs that Node.js knows. */
  tls: { ca: string | undefined; cert: string | undefined; key: Secret | undefined } | undefined
  /** Set in mode `sentinel`. `login` undefined = that of the servers where the sentinels take it, else none. */
  sentinel: { name: string; login: RedisLogin | undefined } | undefined
}

export type RedisEndpoint = { host: string; port: number }

/** A plain server of a test, a benchmark or the demo. */
export function standaloneSettings(url: string): RedisSettings {
  const { hostname, port } = new URL(url)
  return {
    mode: 'standalone',
    endpoints: [{ host: hostname, port: Number(port || 6379) }],
    login: { username: undefined, password: undefined },
    database: 0,
    tls: undefined,
    sentinel: undefined,
  }
}

export function loginOptions({ username, password }: RedisLogin): { username?: string; password?: string } {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
  }
}

export function tlsOptions({ tls }: RedisSettings): { tls?: ConnectionOptions } {
  if (!tls) return {}
  return {
    tls: {
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
    },
  }
}
