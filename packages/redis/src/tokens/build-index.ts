// Owns: building the index of accounts for an installation without one. Accounts that change meanwhile are indexed by
// that change.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { parseProfile } from './compact.ts'
import { searchableName } from './searchable-name.ts'

const BATCH = 100

const indexAccount = defineScript({
  name: 'tokens/index-account',
  keys: ['authorizer', 'groups', 'members', 'names'],
  args: ['appid', 'profile', 'nick', 'principal'],
})

/** Safe to run twice, and by several processes at once. */
export function createIndexBuild({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): () => Promise<void> {
  let isBuilt = false
  let building: Promise<void> | undefined

  async function indexOne(appId: string): Promise<void> {
    const profile = (await redis.hget(keys.authorizer(appId), 'profile')) ?? ''
    const { nick_name = '', principal_name = '' } = parseProfile(profile) ?? {}
    await indexAccount(redis, {
      authorizer: keys.authorizer(appId),
      groups: keys.authorizerGroups,
      members: keys.authorizersByGroup,
      names: keys.authorizerNames,
      appid: appId,
      profile,
      nick: searchableName(nick_name),
      principal: searchableName(principal_name),
    })
  }

  async function build(): Promise<void> {
    if ((await redis.get(keys.authorizerIndex)) === null) {
      for (let from = '-'; ;) {
        const appIds = await redis.zrangebylex(keys.authorizers, from, '+', 'LIMIT', 0, BATCH)
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
