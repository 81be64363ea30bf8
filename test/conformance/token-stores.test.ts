// The stores of tokens, authorizations and codes: memory and Redis keep the same promises.
import { Redis } from 'ioredis'
import t from 'tap'
import { startRedis } from '../helpers/redis-server.ts'
import { AUTHORIZATIONS } from './authorizations.ts'
import { CODES } from './codes.ts'
import { REFRESHES } from './refreshes.ts'
import { runSentences } from './sentence.ts'
import { memoryStores, redisStores } from './stores-under-test.ts'

const SENTENCES = [...REFRESHES, ...AUTHORIZATIONS, ...CODES]

void t.test('in memory', (t) => runSentences(t, SENTENCES, memoryStores))

void t.test('in Redis', async (t) => {
  const server = await startRedis()
  const redis = new Redis(server.url)
  t.teardown(async () => {
    redis.disconnect()
    await server.stop()
  })
  let platforms = 0
  await runSentences(t, SENTENCES, () => redisStores(redis, `p${(platforms += 1)}`))
})
