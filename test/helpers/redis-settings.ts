// Owns: the settings of a plain server of a test's own.
import type { RedisSettings } from '@wxgw/contracts'

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
