// Owns: parsing one URL of Redis. redis-config.ts combines several.
import { Secret } from '@wxgw/wechat-core'
import type { Parsed, Parser } from './parsed.ts'

export type RedisUrl = {
  tls: boolean
  /** A host name or an IP address; an IPv6 address without its brackets. */
  host: string
  /** undefined = the URL names none. */
  port: number | undefined
  /** '' = the URL names none. */
  username: string
  /** undefined = the URL has none. */
  password: Secret | undefined
  /** undefined = the URL names none. */
  database: number | undefined
}

const DATABASE_PATH = /^\/?(\d{0,5})$/

/**
 * `redis[s]://[user[:password]@]host[:port][/database]`. A query is refused with the names of its parameters: drivers
 * take them as options (`?keyPrefix=`), and here settings are the options.
 */
export const redisUrl: Parser<RedisUrl> = (text) => {
  const expected: Parsed<RedisUrl> = { problem: 'must be a redis: or rediss: URL' }
  if (!URL.canParse(text)) return expected
  const url = new URL(text)
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') return expected
  if (url.hostname === '') return { problem: 'must name a host' }
  if (url.port === '0') return { problem: 'must name a port from 1 to 65535' }
  if (url.search !== '') return { problem: `must have no query${parametersOf(url)}` }
  if (url.hash !== '') return { problem: 'must have no fragment' }
  const database = DATABASE_PATH.exec(url.pathname)?.[1]
  if (database === undefined) return { problem: 'must have a database number, or nothing, as its path' }
  const username = decoded(url.username)
  const password = decoded(url.password)
  if (username === undefined || password === undefined) return { problem: 'must have its credentials percent-encoded' }
  return {
    value: {
      tls: url.protocol === 'rediss:',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? undefined : Number(url.port),
      username,
      password: password === '' ? undefined : new Secret(password),
      database: database === '' ? undefined : Number(database),
    },
  }
}

/** The names alone: a value may be a secret. */
function parametersOf({ searchParams }: URL): string {
  const names = [...new Set(searchParams.keys())].filter((name) => /^[\w.-]{1,32}$/.test(name)).slice(0, 5)
  return names.length === 0 ? '' : `; ${names.join(', ')} is not known here`
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
