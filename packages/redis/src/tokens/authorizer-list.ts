// Owns: which accounts stand on a page of the list of authorizers, in the order of their appids.
import type { RedisConnection } from '../connect.ts'

export type AuthorizersAsked = {
  limit: number
  after: string | undefined
  /** Only these of them: a caller may be granted thousands, of which few have authorized. */
  only?: readonly string[] | undefined
}

/** Granted appids that are looked up in one command. */
const AT_ONCE = 500

/** `key`: the sorted set of all appids, all scores 0. */
export async function appIdsOfPage(redis: RedisConnection, key: string, { limit, after, only }: AuthorizersAsked): Promise<string[]> {
  if (only === undefined) return redis.zrangebylex(key, after === undefined ? '-' : `(${after}`, '+', 'LIMIT', 0, limit)
  const granted = [...new Set(only)].filter((appId) => after === undefined || appId > after).toSorted()
  const found: string[] = []
  for (let start = 0; start < granted.length && found.length < limit; start += AT_ONCE) {
    const asked = granted.slice(start, start + AT_ONCE)
    const scores = await redis.zmscore(key, ...asked)
    found.push(...asked.filter((_, index) => scores[index] !== null))
  }
  return found.slice(0, limit)
}
