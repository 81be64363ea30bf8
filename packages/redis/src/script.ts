// Owns: running Lua in Redis by its hash, and handing the text over when the server does not know it yet.
import { createHash } from 'node:crypto'
import type { RedisConnection } from './connect.ts'

export type ScriptArguments = { keys: readonly string[]; args: ReadonlyArray<string | number> }
export type Script = { lua: string; sha: string }

/** Each script names its KEYS, ARGV and answer in its own header. All keys of one call share a hash tag, unless it says so. */
export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** The answer is Redis', unparsed: strings, numbers, null, or lists of them. */
export async function runScript(redis: RedisConnection, { lua, sha }: Script, { keys, args }: ScriptArguments): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return redis.eval(lua, keys.length, ...keys, ...args)
  }
}
