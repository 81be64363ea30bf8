// Owns: `npm test [-- [--node VERSION] [--whole] [--no-retry] pattern…]`: installs, builds, finds a redis-server, lints,
// and runs all tests, or those whose path contains a pattern. CONTRIBUTING.md describes the options. The last line is
// `N passed, N failed`; the exit code is 1 after a failure.
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { BootstrapError, prepare } from './bootstrap.mjs'
import { ensureBrowser } from './browser.mjs'
import { ensureExampleLanguages } from './example-languages.mjs'
import { lint } from './lint-rules.mjs'
import { otherNode, withNode } from './other-node.mjs'
import { readOptions } from './read-options.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { ROOT, run, say } from './run-command.mjs'
import { runTestFiles } from './test-files.mjs'

const TEST = join(ROOT, 'test')
/** For one file: tests that kill processes wait for locks to expire. */
const FILE_TIMEOUT_SECONDS = 240
const MAX_JOBS = 4
/** What takes long, the longest last; quick files of their own process fill the cores at the end. */
const LONG = [
  ...['packages/redis/', 'apps/worker/', 'apps/ingress/', 'wechat-core/'],
  ...['hostile/', 'flows/', 'chaos/', 'examples/'],
  ...['hostile/refusals', 'flows/platforms', 'flows/replays'],
  ...['flows/ordering', 'flows/one-of-each', 'flows/two-of-each'],
]
/** Number of files that share a process, by folder: starting Node.js with tap and an app takes longer than most files. */
const SHARED = {
  'apps/ingress/': 6,
  'apps/simulator/': 9,
  'apps/worker/delivery/': 6,
  'apps/worker/sinks/': 9,
  'packages/catalogue/': 9,
  'packages/platform/': 5,
  'packages/redis/': 6,
  'packages/runtime/': 7,
  'wechat-core/': 30,
}
/** Files that change their whole process. */
const ALONE = ['apps/ingress/api-calls/', 'apps/ingress/event-stream']

const { values, positionals: patterns } = readOptions({
  options: {
    node: { type: 'string' },
    whole: { type: 'boolean', default: false },
    'no-retry': { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
process.exitCode = values.node === undefined ? exitCodeOf(await runAll()) : await runWith(values.node)

function exitCodeOf(isGood) {
  return isGood ? 0 : 1
}

async function runWith(version) {
  const node = await otherNode(version)
  if (node === undefined) {
    say(`There is no Node.js ${version} to be had from npm.`)
    return exitCodeOf(conclude({ passed: 0, failed: 1 }))
  }
  const flags = ['whole', 'no-retry'].filter((flag) => values[flag]).map((flag) => `--${flag}`)
  const { code } = await run(node, [import.meta.filename, ...flags, ...patterns], { env: withNode(node) })
  return code
}

async function runAll() {
  try {
    await prepare()
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
    say(error.message)
    return conclude({ passed: 0, failed: 1 })
  }
  const redis = await ensureRedisServer()
  if (!redis) return conclude({ passed: 0, failed: 1 })
  await ensureExampleLanguages()
  await ensureBrowser()
  const isClean = await lint()
  if (!isClean) say('Lint failed; it counts as one failure. The tests run all the same.')
  const counts = await runTests(redis)
  return conclude({ passed: counts.passed + (isClean ? 1 : 0), failed: counts.failed + (isClean ? 0 : 1) })
}

async function runTests(redis) {
  const files = await testFiles()
  if (files.length === 0) {
    say(`There is no test file whose path contains ${patterns.join(' or ')}.`)
    return { passed: 0, failed: 1 }
  }
  // Two more than cores: tests often wait for locks and leases to expire.
  const jobs = Math.min(availableParallelism() + 2, MAX_JOBS)
  const how = { jobs, timeoutSeconds: FILE_TIMEOUT_SECONDS, isWhole: values.whole, isRetrying: !values['no-retry'] }
  return await runTestFiles(grouped(files), { ...how, redis })
}

// Lists the sources: dist may still have renamed or removed tests.
async function testFiles() {
  const entries = await readdir(TEST, { recursive: true })
  const ending = values.whole ? /\.(test|long)\.ts$/ : /\.test\.ts$/
  const sources = entries.filter((path) => ending.test(path) && !/(^|\/)(dist|node_modules)\//.test(path))
  const wanted = sources.filter(
    (path) => patterns.length === 0 || patterns.some((pattern) => `test/${path}`.includes(pattern)),
  )
  return wanted.toSorted(byLength).map((path) => join('dist', path.replace(/\.ts$/, '.js')))
}

function grouped(files) {
  const groups = []
  const open = new Map()
  for (const file of files) {
    const path = file.replace(/^dist\/(.*)\.js$/, '$1')
    const folder = ALONE.some((alone) => path.startsWith(alone))
      ? undefined
      : Object.keys(SHARED).find((shared) => path.startsWith(shared))
    const group = open.get(folder)
    if (group !== undefined && group.files.length < SHARED[folder]) {
      group.files.push(file)
      group.name += ` ${path.slice(folder.length)}`
      continue
    }
    const fresh = { name: path, files: [file] }
    groups.push(fresh)
    if (folder !== undefined) open.set(folder, fresh)
  }
  return groups
}

// The longest first, so that none runs alone at the end.
function byLength(left, right) {
  const rank = (path) => LONG.findLastIndex((start) => path.startsWith(start))
  return rank(right) - rank(left) || left.localeCompare(right)
}

function conclude({ passed, failed }) {
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0
}
