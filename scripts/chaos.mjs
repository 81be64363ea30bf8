// Owns: `npm run test:chaos`, `test:worker-kill` and others: suites that take minutes, outside `npm test`. What they do stands in test/chaos.
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { ROOT, run, say } from './run-command.mjs'

const [suite, ...args] = process.argv.slice(2)
await bootstrap()
const redis = await ensureRedisServer()
if (redis) {
  const env = { ...process.env, TEST_REDIS_SERVER: redis.path }
  const { code } = await run(process.execPath, ['--enable-source-maps', join(ROOT, 'test', 'dist', 'chaos', `${suite}.js`), ...args], { env })
  process.exitCode = code
} else {
  say('It needs redis-server or valkey-server.')
  process.exitCode = 1
}
