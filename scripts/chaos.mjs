// Owns: `npm run test:chaos [-- SUITE] [options]`: suites that take minutes, outside `npm test`. What they do stands in test/chaos.
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { ROOT, run, say } from './run-command.mjs'
import { splitSuite } from './suite-argument.mjs'

/** By name, the file in test/dist/chaos. */
const SUITES = {
  scenarios: 'run',
  'token-crash': 'token-crash-run',
  rebuild: 'rebuild',
  sessions: 'sessions-run',
  'worker-kill': 'worker-kill',
  'dead-letters': 'dead-letters',
}

const { suite, args } = splitSuite(process.argv.slice(2), { known: Object.keys(SUITES), byDefault: 'scenarios' })
await bootstrap()
const redis = await ensureRedisServer()
if (redis) {
  const env = { ...process.env, TEST_REDIS_SERVER: redis.path }
  const file = join(ROOT, 'test', 'dist', 'chaos', `${SUITES[suite]}.js`)
  process.exitCode = (await run(process.execPath, ['--enable-source-maps', file, ...args], { env })).code
} else {
  say('It needs redis-server or valkey-server.')
  process.exitCode = 1
}
