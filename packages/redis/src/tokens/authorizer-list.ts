// Owns: which accounts stand on a page of the list of authorizers, in the order of their appids.
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'

export type AuthorizersAsked = {
  limit: number
  after: string | undefined
  /** Only these of them: a caller may be granted thousands, of which few have authorized. */
  only?: readonly string[] | undefined
}

/** Granted appids that are looked up in one command. */
const AT_ONCE = 1_000

/**
 * KEYS: sorted set
 * ARGV: members, each followed by a blank
 * -> those that it has, in the same order
 */
const presentOf = script(`
local asked, found = {}, {}
for member in string.gmatch(ARGV[1], '[^ ]+') do asked[#asked + 1] = member end
for index, score in ipairs(redis.call('ZMSCORE', KEYS[1], unpack(asked))) do
  if score then found[#found + 1] = asked[index] end
end
return found
`)

/** `key`: the sorted set of all appids, all scores 0. */
export async function appIdsOfPage(redis: RedisConnection, key: string, { limit, after, only }: AuthorizersAsked): Promise<string[]> {
  if (only === undefined) return redis.zrangebylex(key, after === undefined ? '-' : `(${after}`, '+', 'LIMIT', 0, limit)
  const granted = [...new Set(only)].filter((appId) => after === undefined || appId > after).toSorted()
  const found: string[] = []
  for (let start = 0; start < granted.length && found.length < limit; start += AT_ONCE) {
    const answer = await runScript(redis, presentOf, { keys: [key], args: [`${granted.slice(start, start + AT_ONCE).join(' ')} `] })
    found.push(...(Array.isArray(answer) ? answer.map(String) : []))
  }
  return found.slice(0, limit)
}
