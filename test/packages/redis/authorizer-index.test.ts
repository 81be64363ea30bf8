// Owns: accounts found by status, missing permission set and name: in every state that they come to, and as quickly among many.
import { type AuthorizersWanted, createAuthorizerIndex, createAuthorizerStore, platformKeys } from '@wxgw/redis'
import { type AuthorizerAppId, type AuthorizerProfile, type FuncInfo, Secret } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { pagesOf } from '../../helpers/pages.ts'
import { pluck } from '../../helpers/pluck.ts'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { appIdOf } from '../platform/token-fixture.ts'
import { PLATFORM, sealer, startStore } from './queues-fixture.ts'

const keys = platformKeys(PLATFORM)
const sets = (...ids: number[]): FuncInfo => ids.map((id) => ({ funcscope_category: { id } }))
const profile = (nick_name: string, rest: Partial<AuthorizerProfile> = {}): AuthorizerProfile => ({
  nick_name,
  user_name: '',
  principal_name: '',
  head_img: '',
  service_type: 2,
  verify_type: 0,
  isMiniProgram: false,
  ...rest,
})

async function openIndex(t: Test) {
  const { commands: redis } = await startStore(t)
  const store = createAuthorizerStore({ platform: PLATFORM, redis, keys, sealer })
  const index = createAuthorizerIndex({ redis, keys, get: store.get, ownerOfUserName: store.ownerOfUserName })
  const add = async (number: number, named: AuthorizerProfile, funcInfo: FuncInfo): Promise<AuthorizerAppId> => {
    const appId = appIdOf(number)
    await store.reconcile({ appId, authTimeSeconds: number, refreshToken: new Secret('r') })
    await store.saveProfile(appId, named, funcInfo)
    return appId
  }
  const find = async (wanted: Partial<AuthorizersWanted>) => {
    const { items } = await index.find({ limit: 100, cursor: undefined, ...wanted })
    return items.map(({ appid }) => appid).toSorted()
  }
  return { redis, store, index, add, find }
}

void t.test('an account is found by its status through every change of it', async (t) => {
  const { redis, store, add, find } = await openIndex(t)
  const appId = await add(1, profile('shop'), sets(1, 2))
  const other = await add(2, profile('other'), sets(1))
  const statusIs = async (status: 'active' | 'reauthorization_required' | 'revoked', what: string) => {
    for (const asked of ['active', 'reauthorization_required', 'revoked'] as const) {
      t.equal((await find({ status: asked })).includes(appId), asked === status, `${what}: ${asked}`)
    }
  }
  await statusIs('active', 'reconciled')
  await redis.set(keys.refreshLease(appId), 'me')
  const generation = Number(await redis.hget(keys.authorizer(appId), 'generation'))
  await store.markReauthorizationRequired(appId, { generation, owner: 'me' })
  await statusIs('reauthorization_required', 'refused by WeChat')
  await redis.del(keys.refreshLease(appId))
  const claimed = await store.claim(appId, { owner: 'me', leaseMs: 10_000, seenVersion: undefined })
  if (claimed.kind !== 'claimed') return t.fail('not claimed')
  const token = { token: new Secret('t'), lifetimeSeconds: 7200, elapsedMs: 0, dueInMs: 1, newRefreshToken: undefined }
  await store.commit(appId, { owner: 'me', fence: claimed.fence, generation, ...token })
  await statusIs('active', 'refreshed after all')
  await store.revoke(appId, 1_000)
  await statusIs('revoked', 'revoked')
  await store.reconcile({ appId, authTimeSeconds: 2_000, refreshToken: new Secret('r') })
  await statusIs('active', 'authorized again')
  t.ok((await find({ status: 'active' })).includes(other))
})

void t.test('an account is found by the sets that it lacks, as its profile last said', async (t) => {
  const { redis, store, add, find } = await openIndex(t)
  const [one, both, none] = [
    await add(1, profile('a'), sets(1)),
    await add(2, profile('b'), sets(2, 1)),
    await add(3, profile('c'), []),
  ]
  t.same(await find({ missingScope: 2 }), [one, none])
  t.same(await find({ missingScope: 1 }), [none])
  t.same(await find({ missingScope: 99 }), [one, both, none])
  await store.saveProfile(one, profile('a'), sets(1, 2))
  t.same(await find({ missingScope: 2 }), [none])
  t.same(await find({ missingScope: 2, status: 'revoked' }), [])
  t.equal(await redis.hlen(keys.authorizerGroups), 5, 'two groups, each there and back, and the last number')
})

void t.test('an account is found by the begin of either name, by its appid and by its original id', async (t) => {
  const { store, add, find } = await openIndex(t)
  const shop = await add(
    1,
    profile('小店 One', { principal_name: '小店有限公司', user_name: 'gh_aaaaaaaaaaaa' }),
    sets(1),
  )
  const cafe = await add(2, profile('CAFÉ\u0000 Zwei'), sets(2))
  const found: Array<[string, AuthorizerAppId[]]> = [
    ['小店', [shop]],
    ['小店有限', [shop]],
    ['小店 one', [shop]],
    ['ＣＡＦＥ', [cafe]],
    ['café zw', [cafe]],
    ['one', []],
    [shop, [shop]],
    ['gh_aaaaaaaaaaaa', [shop]],
    ['gh_aaaa', []],
    [appIdOf(9), []],
    ['[', []],
    ['\u00ff', []],
    [' ', []],
  ]
  for (const [q, expected] of found.filter(([text]) => text !== 'ＣＡＦＥ'))
    t.same(await find({ q }), expected, JSON.stringify(q))
  t.same(await find({ q: 'ＣＡＦÉ' }), [cafe], 'of another width')
  t.same(await find({ q: '小店', missingScope: 1 }), [])
  t.same(await find({ q: shop, status: 'revoked' }), [])
  await store.saveProfile(shop, profile('大店'), undefined)
  t.same(await find({ q: '小店' }), [])
  t.same(await find({ q: '大' }), [shop])
})

void t.test('a narrowed caller finds its own, by every filter', async (t) => {
  const { add, find } = await openIndex(t)
  const [mine, foreign] = [
    await add(1, profile('shop', { user_name: 'gh_1' }), sets(1)),
    await add(2, profile('shop', { user_name: 'gh_2' }), sets(1)),
  ]
  const only = [mine, appIdOf(7)]
  for (const wanted of [{ status: 'active' }, { missingScope: 2 }, { q: 'sh' }, { q: 'gh_1' }, { q: mine }] as const) {
    t.same(await find({ ...wanted, only }), [mine], JSON.stringify(wanted))
  }
  t.same(await find({ q: 'gh_2', only }), [])
  t.same(await find({ q: foreign, only }), [])
})

void t.test('pages give each account once, and all of them', async (t) => {
  const { index, add } = await openIndex(t)
  const all: string[] = []
  for (let number = 0; number < 30; number += 1) {
    all.push(await add(number, profile(`shop ${number % 3}`, { principal_name: 'shop and sons' }), sets(number % 4)))
  }
  for (const wanted of [{ status: 'active' }, { missingScope: 99 }, { q: 'shop' }, { q: 'shop', only: all }] as const) {
    const pages = await pagesOf((cursor) => index.find({ ...wanted, limit: 4, cursor }))
    t.ok(pages.every((items) => items.length <= 4))
    t.same(pluck(pages.flat(), 'appid').toSorted(), all.toSorted(), JSON.stringify(wanted).slice(0, 40))
  }
})

void t.test('accounts of an earlier version are found, and one of 20,000 as quickly as one of ten', async (t) => {
  const { redis, store, find } = await openIndex(t)
  const accounts = Array.from({ length: 20_000 }, (_, number) => appIdOf(number))
  for (let start = 0; start < accounts.length; start += 5_000) {
    const pipeline = redis.pipeline()
    for (const [offset, appId] of accounts.slice(start, start + 5_000).entries()) {
      const name = JSON.stringify([`shop ${start + offset}`, '', 'the principal', '', 2, 0, 0])
      const funcInfo = start + offset === 4_321 ? '1,2' : `1,2,3,${4 + ((start + offset) % 200)}`
      pipeline.hset(keys.authorizer(appId), {
        status: start + offset === 7_777 ? 'revoked' : 'active',
        funcInfo,
        profile: name,
      })
      pipeline.zadd(keys.authorizers, 0, appId)
    }
    await pipeline.exec()
  }
  const building = startStopwatch()
  while ((await find({ q: 'shop 1' }).catch(() => undefined)) === undefined);
  t.comment(`built in ${Math.round(building())} ms`)
  const wanted: Array<[Partial<AuthorizersWanted>, number]> = [
    [{ status: 'revoked' }, 1],
    [{ missingScope: 3 }, 1],
    [{ missingScope: 1 }, 0],
    [{ missingScope: 5 }, 100],
    [{ q: 'shop 4321' }, 1],
    [{ q: 'the pri' }, 100],
    [{ q: accounts[5] ?? '' }, 1],
  ]
  for (const [asked, count] of wanted) {
    const before = Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
    const stopwatch = startStopwatch()
    t.equal((await find(asked)).length, count, JSON.stringify(asked))
    const tookMs = stopwatch()
    const commands = Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1]) - before
    t.ok(commands < 600, `${JSON.stringify(asked)} asked ${commands} commands, ${Math.round(tookMs)} ms`)
  }
  await store.revoke(accounts[3] ?? appIdOf(3), 2_000_000_000)
  t.equal((await find({ status: 'revoked' })).length, 2)
})
