// Owns: running compiled test files in groups, one process each, several at a time. It runs `node` instead of tap's
// runner, whose hooks (mocks, coverage, TypeScript) cost more than most files.
import { delimiter, dirname, join } from 'node:path'
import { ROOT, run } from './run-command.mjs'
import { reportFile } from './tap-report.mjs'

const TEST = join(ROOT, 'test')
const OF_THE_GATEWAY = ['CONFIG_FILE', 'API_KEYS', 'SEALING_KEYS', 'ALLOW_UNSEALED', 'PUBLIC_BASE_URL', 'LOG_LEVEL']

/** More failures than this are not caused by a busy machine. */
const MAX_RETRIED = 3

/**
 * A group is `{ name, files }`; the files, relative to test/, share a process. Prints each finished group, and returns
 * the counts of all. `isRetrying`: up to three failed groups run once more, alone, after the others. Those that pass then
 * are printed as flaky and do not count as failed.
 */
export async function runTestFiles(groups, { jobs, timeoutSeconds, redis, isWhole = true, isRetrying = false }) {
  const env = testEnvironment({ redis, timeoutSeconds, isWhole })
  const waiting = [...groups]
  const failed = []
  const sum = { passed: 0, failed: 0 }

  /** Returns the number of failed assertions. */
  async function runOne({ name, files }) {
    const startedAt = performance.now()
    // Later than the file's own time-out, in case that does not end it.
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

// Without the caller's settings: each test sets its own.
function testEnvironment({ redis, timeoutSeconds, isWhole }) {
  const path = [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter)
  const env = { ...process.env, PATH: path, TEST_REDIS_SERVER: redis.path }
  for (const name of Object.keys(env)) if (/^(NODE_ENV|NODE_OPTIONS|REDIS_|WX_|TAP)/.test(name)) delete env[name]
  for (const name of OF_THE_GATEWAY) delete env[name]
  return { ...env, TAP: '1', TAP_TIMEOUT: String(timeoutSeconds), TEST_SWEEPS: isWhole ? 'whole' : 'selection' }
}
