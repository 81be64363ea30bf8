// Owns: building the index of accounts for an installation that has none yet. What changes meanwhile indexes itself.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NOW_LUA } from '../now-script.ts'
import { runScript, script } from '../script.ts'
import { parseProfile } from './compact.ts'
import { HISTORY_LUA } from './history-script.ts'
import { INDEX_LUA, searchableName } from './index-script.ts'

const AT_ONCE = 100

/**
 * KEYS: authorizer, groups, accounts by group, names
 * ARGV: appid, the profile that the names are of, searchable nick name, searchable principal name
 */
const indexAccount = script(`${NOW_LUA}${HISTORY_LUA}${INDEX_LUA}
regroup(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
-- A profile that came meanwhile has brought its names.
if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], 'profile') == ARGV[2] then rename(KEYS[1], KEYS[4], ARGV[1], ARGV[3], ARGV[4]) end
return 1
`)

/** Safe to run twice, and by several processes at once. */
export function createIndexBuild({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): () => Promise<void> {
  let isBuilt = false
  let building: Promise<void> | undefined

  async function indexOne(appId: string): Promise<void> {
    const profile = (await redis.hget(keys.authorizer(appId), 'profile')) ?? ''
    const { nick_name = '', principal_name = '' } = parseProfile(profile) ?? {}
    await runScript(redis, indexAccount, {
      keys: [keys.authorizer(appId), keys.authorizerGroups, keys.authorizersByGroup, keys.authorizerNames],
      args: [appId, profile, searchableName(nick_name), searchableName(principal_name)],
    })
  }

  async function build(): Promise<void> {
    if ((await redis.get(keys.authorizerIndex)) === null) {
      for (let from = '-'; ; ) {
        const appIds = await redis.zrangebylex(keys.authorizers, from, '+', 'LIMIT', 0, AT_ONCE)
        await Promise.all(appIds.map(indexOne))
        const last = appIds.at(-1)
        if (last === undefined) break
        from = `(${last}`
      }
      await redis.set(keys.authorizerIndex, '1')
    }
    isBuilt = true
  }

  return async () => {
    if (!isBuilt) await (building ??= build().finally(() => (building = undefined)))
  }
}
