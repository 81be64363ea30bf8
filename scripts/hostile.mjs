// Owns: `npm run test:hostile` (every hostile input, those that take minutes included) and `npm run test:fuzz`. What they do stands
// in test/hostile.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { ROOT, run, say } from './run-command.mjs'

const TEST = join(ROOT, 'test')
const TAP = join(TEST, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
const FILE_TIMEOUT_SECONDS = 600

const [suite, ...args] = process.argv.slice(2)
await bootstrap()
const redis = await ensureRedisServer()
if (redis) {
  const env = { ...process.env, TEST_REDIS_SERVER: redis.path }
  const command = suite === 'fuzz' ? ['--enable-source-maps', join(TEST, 'dist', 'hostile', 'fuzz', 'main.js'), ...args] : await everything()
  const { code } = await run(process.execPath, command, { cwd: TEST, env })
  process.exitCode = code
} else {
  say('It needs redis-server or valkey-server.')
  process.exitCode = 1
}

// One file at a time: the long ones measure.
async function everything() {
  const sources = (await readdir(join(TEST, 'hostile'))).filter((name) => /\.(test|long)\.ts$/.test(name)).toSorted()
  const files = sources.map((name) => join('dist', 'hostile', name.replace(/\.ts$/, '.js')))
  return [TAP, '--disable-coverage', '--reporter=terse', '--jobs=1', `--timeout=${FILE_TIMEOUT_SECONDS}`, ...files, ...args]
}
