// Owns: looking at tokens as they stand, several of one platform at once.
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import { parseAnswer, SNAPSHOT_LUA } from './snapshot.ts'

export type TokenKeys = readonly [meta: string, token: string]

/**
 * Two strings for each: strings of an answer are what costs most here.
 * KEYS: for each: meta hash, token
 * -> for each: 'status now expiresAtMs lifetimeSeconds version refreshedAtMs', token or ''
 */
const look = script(`${SNAPSHOT_LUA}
local answers = {}
for index = 1, #KEYS, 2 do
  local seen = snapshot(KEYS[index], KEYS[index + 1])
  answers[index + 1] = table.remove(seen, 2)
  answers[index] = table.concat({ redis.call('HGET', KEYS[index], 'status') or '', unpack(seen) }, ' ')
end
return answers
`)

/** For each its status (`''` when it has none) and the snapshot that parseSnapshot reads. */
export async function readTokens(redis: RedisConnection, tokens: readonly TokenKeys[]): Promise<string[][]> {
  const answers = parseAnswer(await runScript(redis, look, { keys: tokens.flat(), args: [] }))
  return tokens.map((_, index) => {
    const [status = '', now = '', ...fields] = (answers[2 * index] ?? '').split(' ')
    return [status, now, answers[2 * index + 1] ?? '', ...fields]
  })
}

export async function readToken(redis: RedisConnection, token: TokenKeys): Promise<string[]> {
  const [answer = []] = await readTokens(redis, [token])
  return answer
}
