// Owns: the appids on one page of the list of authorizers, in their order.
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'

export type AuthorizersAsked = {
  limit: number
  after: string | undefined
  /** Only these. A caller may have rights to thousands of appids, of which few have authorized. */
  only?: readonly string[] | undefined
}

/** Appids per command. */
const BATCH = 1_000

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
  for (let start = 0; start < granted.length && found.length < limit; start += BATCH) {
    const members = `${granted.slice(start, start + BATCH).join(' ')} `
    const answer = await presentOf(redis, { set: key, members })
    found.push(...(Array.isArray(answer) ? answer.map(String) : []))
  }
  return found.slice(0, limit)
}
