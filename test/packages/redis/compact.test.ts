// What is stored of an authorizer in few bytes comes back as WeChat sent it.
import { randomUUID } from 'node:crypto'
import { Secret } from '@wxgw/wechat-core'
import { createAuthorizerStore, createSealer, platformKeys } from '@wxgw/redis'
import t from 'tap'
import { appIdOf, startAuthority } from '../platform/token-fixture.ts'

const PROFILE = {
  nick_name: '测试"号"',
  user_name: 'gh_1',
  principal_name: '',
  head_img: '',
  service_type: null,
  verify_type: 0,
  isMiniProgram: true,
}

void t.test('profile and permission sets', async (suite) => {
  const authority = await startAuthority()
  suite.teardown(() => authority.stop())
  const [redis] = authority.connections
  if (!redis) throw new Error('a connection')
  const keys = platformKeys('open1')
  const store = createAuthorizerStore({ platform: 'open1', redis, keys, sealer: createSealer([]) })
  const appId = appIdOf(77)
  const save = (funcInfo: Array<Record<string, unknown>>) =>
    store.saveAuthorization({
      appId,
      // Each authorization has a code of its own: one that comes again changes nothing.
      codeHash: randomUUID(),
      owner: 'test',
      createTimeSeconds: undefined,
      accessToken: undefined,
      refreshToken: new Secret('r'),
      funcInfo,
      dueInMs: 0,
    })

  for (const funcInfo of [
    [],
    [{ funcscope_category: { id: 1 } }, { funcscope_category: { id: 15 } }],
    [{ funcscope_category: { id: 1 }, confirm_info: { need_confirm: 0 } }],
    [{ funcscope_category: { id: '1' } }],
    [{ funcscope_category: { id: 1, type: 2 } }],
    [{}],
  ]) {
    await suite.test(JSON.stringify(funcInfo), async (t) => {
      await save(funcInfo)
      t.strictSame((await store.get(appId))?.funcInfo, funcInfo)
    })
  }

  await suite.test('a profile, and one that an older version stored', async (t) => {
    await store.saveProfile(appId, PROFILE, undefined)
    t.strictSame((await store.get(appId))?.profile, PROFILE)
    await redis.hset(
      keys.authorizer(appId),
      'profile',
      JSON.stringify(PROFILE),
      'funcInfo',
      '[{"funcscope_category":{"id":3}}]',
    )
    t.match(await store.get(appId), { profile: PROFILE, funcInfo: [{ funcscope_category: { id: 3 } }] })
  })
})
