// Owns: which accounts stand on a page of the list of authorizers, in the order of their appids.
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'

export type AuthorizersAsked = {
  limit: number
  after: string | undefined
  /** Only these of them: a caller may be granted thousands, of which few have authorized. */
  only?: readonly string[] | undefined
}

/** Granted appids that are looked up in one command. */
const AT_ONCE = 1_000

const presentOf = defineScript({ name: 'tokens/present-of', keys: ['set'], args: ['members'] })

/** `key`: the sorted set of all appids, all scores 0. */
export async function appIdsOfPage(
  redis: RedisConnection,
  key: string,
  { limit, after, only }: AuthorizersAsked,
): Promise<string[]> {
  if (only === undefined) return redis.zrangebylex(key, after === undefined ? '-' : `(${after}`, '+', 'LIMIT', 0, limit)
  const granted = [...new Set(only)].filter((appId) => after === undefined || appId > after).toSorted()
  const found: string[] = []
  for (let start = 0; start < granted.length && found.length < limit; start += AT_ONCE) {
    const members = `${granted.slice(start, start + AT_ONCE).join(' ')} `
    const answer = await presentOf(redis, { set: key, members })
    found.push(...(Array.isArray(answer) ? answer.map(String) : []))
  }
  return found.slice(0, limit)
}
