// Owns: running compiled test files, several at a time, each group of them as a process of its own. `node` and not the runner of tap: that
// loads hooks into every process for mocks, coverage and TypeScript, which cost more than most files do themselves.
import { delimiter, dirname, join } from 'node:path'
import { ROOT, run } from './run-command.mjs'
import { reportFile } from './tap-report.mjs'

const TEST = join(ROOT, 'test')
const OF_THE_GATEWAY = ['CONFIG_FILE', 'API_KEYS', 'SEALING_KEYS', 'ALLOW_UNSEALED', 'PUBLIC_BASE_URL', 'LOG_LEVEL']

/** More failed groups than this have another cause than a busy machine. */
const MAX_RETRIED = 3

/**
 * Each group is `{ name, files }`, the files relative to test/; they share a process. Prints each group as it ends; answers the
 * counts of all. `isRetrying`: of at most three groups that failed, each runs once more, alone, after all others; one that
 * passes then does not count as failed and is printed as flaky.
 */
export async function runTestFiles(groups, { jobs, timeoutSeconds, redis, isWhole = true, isRetrying = false }) {
  const env = testEnvironment({ redis, timeoutSeconds, isWhole })
  const waiting = [...groups]
  const failed = []
  const sum = { passed: 0, failed: 0 }

  /** Answers how many assertions failed. */
  async function runOne({ name, files }) {
    const startedAt = performance.now()
    // A file that its own time-out does not end is killed a little later.
    const timeoutMs = (timeoutSeconds + 10) * 1000
    const options = { cwd: TEST, env, stdout: 'pipe', timeoutMs }
    const imports = files.slice(1).flatMap((file) => ['--import', `./${file}`])
    const { code, text } = await run(process.execPath, ['--enable-source-maps', ...imports, files[0]], options)
    const report = reportFile({ name, text, code, seconds: (performance.now() - startedAt) / 1000 })
    sum.passed += report.passed
    process.stdout.write(`${report.lines.join('\n')}\n`)
    return report.failed
  }

  async function runUntilNoneWaits() {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      const failures = await runOne(group)
      sum.failed += failures
      if (failures > 0) failed.push({ group, failures })
    }
  }

  await Promise.all(Array.from({ length: jobs }, runUntilNoneWaits))
  if (!isRetrying || failed.length > MAX_RETRIED) return sum
  for (const { group, failures } of failed) {
    if ((await runOne(group)) > 0) continue
    sum.failed -= failures
    process.stdout.write(`flaky: ${group.name} (failed once, passed alone)\n`)
  }
  return sum
}

// The settings of whoever runs the tests are not theirs; what a test needs it sets itself.
function testEnvironment({ redis, timeoutSeconds, isWhole }) {
  const path = [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter)
  const env = { ...process.env, PATH: path, TEST_REDIS_SERVER: redis.path }
  for (const name of Object.keys(env)) if (/^(NODE_ENV|NODE_OPTIONS|REDIS_|WX_|TAP)/.test(name)) delete env[name]
  for (const name of OF_THE_GATEWAY) delete env[name]
  return { ...env, TAP: '1', TAP_TIMEOUT: String(timeoutSeconds), TEST_SWEEPS: isWhole ? 'whole' : 'selection' }
}
