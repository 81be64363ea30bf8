// Owns: `npm run test:chaos [-- SUITE] [options]`: the long suites outside `npm test`: faults (test/chaos), hostile input
// (test/hostile).
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { readOptions } from './read-options.mjs'
import { ROOT, run, say } from './run-command.mjs'
import { splitSuite } from './suite-argument.mjs'
import { runTestFiles } from './test-files.mjs'

const TEST = join(ROOT, 'test')
/** The suites' files in test/dist. */
const PROGRAMS = {
  scenarios: 'chaos/run',
  'token-crash': 'chaos/token-crash-run',
  rebuild: 'chaos/rebuild',
  sessions: 'chaos/sessions-run',
  'worker-kill': 'chaos/worker-kill',
  alerts: 'chaos/alerts/run',
  'dead-letters': 'chaos/dead-letters',
  fuzz: 'hostile/fuzz/main',
}
const HOSTILE = 'hostile'
const FILE_TIMEOUT_SECONDS = 600

const { suite, args } = splitSuite(process.argv.slice(2), {
  known: [...Object.keys(PROGRAMS), HOSTILE],
  byDefault: 'scenarios',
})
if (suite === HOSTILE) readOptions({ args })
await bootstrap()
const redis = await ensureRedisServer()
if (redis) {
  process.exitCode = suite === HOSTILE ? await runHostileTests() : await runProgram(PROGRAMS[suite])
} else {
  say('It needs redis-server or valkey-server.')
  process.exitCode = 1
}

async function runProgram(name) {
  const env = { ...process.env, TEST_REDIS_SERVER: redis.path }
  return (
    await run(process.execPath, ['--enable-source-maps', join('dist', `${name}.js`), ...args], { cwd: TEST, env })
  ).code
}

/** With the long files. One at a time: they measure. */
async function runHostileTests() {
  const sources = (await readdir(join(TEST, HOSTILE))).filter((name) => /\.(test|long)\.ts$/.test(name)).toSorted()
  const files = sources.map((name) => join('dist', HOSTILE, name.replace(/\.ts$/, '.js')))
  const groups = files.map((file) => ({ name: file, files: [file] }))
  const { passed, failed } = await runTestFiles(groups, { jobs: 1, timeoutSeconds: FILE_TIMEOUT_SECONDS, redis })
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}
