// Owns: the driver's options for login and TLS, the same in all three modes. Time-outs are in connect.ts.
import type { RedisLogin, RedisSettings } from '@wxgw/contracts'
import type { ConnectionOptions } from 'node:tls'

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
