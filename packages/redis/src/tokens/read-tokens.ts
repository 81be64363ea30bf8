// Owns: reading stored tokens, several of one platform at once.
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import { parseAnswer } from './snapshot.ts'

export type TokenKeys = { meta: string; tokenKey: string }

const readAll = defineScript({ name: 'tokens/read-tokens', eachKeys: ['meta', 'tokenKey'] })

/** For each its status (`''` when it has none) and the snapshot that parseSnapshot reads. */
export async function readTokens(redis: RedisConnection, tokens: readonly TokenKeys[]): Promise<string[][]> {
  const answers = parseAnswer(await readAll(redis, { each: tokens }))
  return tokens.map((_, index) => {
    const [status = '', now = '', ...fields] = (answers[2 * index] ?? '').split(' ')
    return [status, now, answers[2 * index + 1] ?? '', ...fields]
  })
}

export async function readToken(redis: RedisConnection, token: TokenKeys): Promise<string[]> {
  const [answer = []] = await readTokens(redis, [token])
  return answer
}
