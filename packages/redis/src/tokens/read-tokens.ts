// Owns: looking at tokens as they stand, several of one platform at once.
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import { parseAnswer, SNAPSHOT_LUA } from './snapshot.ts'

export type TokenKeys = readonly [meta: string, token: string]

/**
 * KEYS: for each: meta hash, token
 * -> for each {status or '', …snapshot}
 */
const look = script(`${SNAPSHOT_LUA}
local answers = {}
for at = 1, #KEYS, 2 do
  answers[#answers + 1] = { redis.call('HGET', KEYS[at], 'status') or '', unpack(snapshot(KEYS[at], KEYS[at + 1])) }
end
return answers
`)

/** For each its status (`''` when it has none) and the snapshot that parseSnapshot reads. */
export async function readTokens(redis: RedisConnection, tokens: readonly TokenKeys[]): Promise<string[][]> {
  const answers = await runScript(redis, look, { keys: tokens.flat(), args: [] })
  return Array.isArray(answers) ? answers.map(parseAnswer) : []
}

export async function readToken(redis: RedisConnection, token: TokenKeys): Promise<string[]> {
  const [answer] = await readTokens(redis, [token])
  return parseAnswer(answer)
}
