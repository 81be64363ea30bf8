// Owns: looking at tokens as they stand, several of one platform at once.
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import { NOW_LUA, parseAnswer } from './snapshot.ts'

export type TokenKeys = readonly [meta: string, token: string]

/**
 * Two strings for each, because each string of an answer costs as much as the look itself.
 * KEYS: for each: meta hash, token
 * -> for each: 'now status expiresAtMs lifetimeSeconds version refreshedAtMs', token or ''
 */
const look = script(`${NOW_LUA}
local at, answers = text(now), {}
for index = 1, #KEYS, 2 do
  local fields = redis.call('HMGET', KEYS[index], 'status', 'expiresAtMs', 'lifetimeSeconds', 'version', 'refreshedAtMs')
  answers[index] = table.concat({ at, fields[1] or '', fields[2] or '0', fields[3] or '0', fields[4] or '0', fields[5] or '0' }, ' ')
  answers[index + 1] = redis.call('GET', KEYS[index + 1]) or ''
end
return answers
`)

/** For each its status (`''` when it has none) and the snapshot that parseSnapshot reads. */
export async function readTokens(redis: RedisConnection, tokens: readonly TokenKeys[]): Promise<string[][]> {
  const answers = parseAnswer(await runScript(redis, look, { keys: tokens.flat(), args: [] }))
  return tokens.map((_, index) => {
    const [now = '', status = '', ...fields] = (answers[2 * index] ?? '').split(' ')
    return [status, now, answers[2 * index + 1] ?? '', ...fields]
  })
}

export async function readToken(redis: RedisConnection, token: TokenKeys): Promise<string[]> {
  const [answer = []] = await readTokens(redis, [token])
  return answer
}
