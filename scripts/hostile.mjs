// Owns: `npm run test:hostile`: every hostile input, those that take minutes included; with `-- fuzz`, mutated ones. What they do
// stands in test/hostile.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { ROOT, run, say } from './run-command.mjs'
import { splitSuite } from './suite-argument.mjs'
import { runTestFiles } from './test-files.mjs'

const TEST = join(ROOT, 'test')
const FILE_TIMEOUT_SECONDS = 600

const { suite, args } = splitSuite(process.argv.slice(2), { known: ['all', 'fuzz'], byDefault: 'all' })
await bootstrap()
const redis = await ensureRedisServer()
if (redis) {
  process.exitCode = suite === 'fuzz' ? await fuzz() : await everything()
} else {
  say('It needs redis-server or valkey-server.')
  process.exitCode = 1
}

async function fuzz() {
  const env = { ...process.env, TEST_REDIS_SERVER: redis.path }
  const main = join(TEST, 'dist', 'hostile', 'fuzz', 'main.js')
  return (await run(process.execPath, ['--enable-source-maps', main, ...args], { cwd: TEST, env })).code
}

// One file at a time: the long ones measure.
async function everything() {
  const sources = (await readdir(join(TEST, 'hostile'))).filter((name) => /\.(test|long)\.ts$/.test(name)).toSorted()
  const files = sources.map((name) => join('dist', 'hostile', name.replace(/\.ts$/, '.js')))
  const { passed, failed } = await runTestFiles(files.map((file) => ({ name: file, files: [file] })), { jobs: 1, timeoutSeconds: FILE_TIMEOUT_SECONDS, redis })
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}
