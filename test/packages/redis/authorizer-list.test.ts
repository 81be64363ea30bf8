// Owns: pages of the list of authorizers, for who may see all of them and for who may see some.
import { createAuthorizerStore, platformKeys } from '@wxgw/redis'
import t from 'tap'
import { appIdOf } from '../platform/token-fixture.ts'
import { PLATFORM, sealer, startStore } from './queues-fixture.ts'

void t.test('a page has what is granted and there, in order, however much is granted that is not there', async (t) => {
  const { commands: redis } = await startStore(t)
  const store = createAuthorizerStore({ platform: PLATFORM, redis, keys: platformKeys(PLATFORM), sealer })
  const there = [7, 3, 9_000, 5_001, 12_000].map(appIdOf)
  for (const appId of there) await store.reconcile({ appId, authTimeSeconds: 1, refreshToken: undefined })
  const page = async (asked: Parameters<typeof store.list>[0]) => (await store.list(asked)).map(({ appid }) => appid)
  const sorted = there.toSorted()
  t.same(await page({ limit: 10, after: undefined }), sorted)
  t.same(await page({ limit: 2, after: sorted[0] }), sorted.slice(1, 3))

  const only = Array.from({ length: 10_000 }, (_, number) => appIdOf(number)).toReversed()
  const granted = sorted.filter((appId) => appId !== appIdOf(12_000))
  const before = await commandsOf(redis)
  t.same(await page({ limit: 10, after: undefined, only }), granted)
  t.ok((await commandsOf(redis)) - before < 50, 'few commands for many rights')
  t.same(await page({ limit: 2, after: granted[1], only }), granted.slice(2))
  const found = await page({ limit: 2, after: undefined, only: [...only, ...only] })
  t.same(found, granted.slice(0, 2), 'granted twice is there once')
  t.same(await page({ limit: 10, after: undefined, only: [] }), [])
})

async function commandsOf(redis: { info(section: string): Promise<string> }): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1])
}
