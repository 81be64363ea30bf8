// Owns: `npm test [-- [--node VERSION] pattern…]`: installs and builds what is missing, gets a redis-server, lints, and
// runs every test, or the files whose path contains one of the patterns, with another Node.js when one is given.
// The last line is `N passed, N failed`; the exit code tells.
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BootstrapError, prepare } from './bootstrap.mjs'
import { ensureBrowser } from './browser.mjs'
import { ensureExampleLanguages } from './example-languages.mjs'
import { lint } from './lint.mjs'
import { otherNode, withNode } from './other-node.mjs'
import { ensureRedisServer } from './redis-binary.mjs'
import { ROOT, run, say } from './run-command.mjs'
import { runTestFiles } from './test-files.mjs'

const TEST = join(ROOT, 'test')
/** Of one file; tests that kill processes wait for their locks to run out. */
const FILE_TIMEOUT_SECONDS = 180
const MAX_JOBS = 4
/** Folders of files that start a whole gateway, and a large shared one, the longest last. */
const LONG = ['wechat-core/', 'hostile/', 'flows/', 'chaos/', 'examples/']
/** Folders whose files are quick and start no other process: they share one, since to start it takes longer than they do. */
const SHARED = ['apps/simulator/', 'apps/worker/sinks/', 'packages/catalogue/', 'wechat-core/']

const { values, positionals: patterns } = parseArgs({ options: { node: { type: 'string' } }, allowPositionals: true })
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
  const { code } = await run(node, [import.meta.filename, ...patterns], { env: withNode(node) })
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
  // Two more than cores: much of the time is waiting for locks and leases to run out.
  const jobs = Math.min(availableParallelism() + 2, MAX_JOBS)
  return await runTestFiles(grouped(files), { jobs, timeoutSeconds: FILE_TIMEOUT_SECONDS, redis })
}

// From the sources: what stands in dist may be of a test that was renamed or removed.
async function testFiles() {
  const entries = await readdir(TEST, { recursive: true })
  const sources = entries.filter((path) => path.endsWith('.test.ts') && !/(^|\/)(dist|node_modules)\//.test(path))
  const wanted = sources.filter((path) => patterns.length === 0 || patterns.some((pattern) => `test/${path}`.includes(pattern)))
  return wanted.toSorted(byLength).map((path) => join('dist', path.replace(/\.ts$/, '.js')))
}

function grouped(files) {
  const groups = new Map()
  for (const file of files) {
    const path = file.replace(/^dist\/(.*)\.js$/, '$1')
    const folder = SHARED.find((shared) => path.startsWith(shared))
    const group = groups.get(folder ?? path) ?? { name: path, files: [] }
    group.files.push(file)
    if (folder && group.files.length > 1) group.name = `${folder.slice(0, -1)}, ${group.files.length} files`
    groups.set(folder ?? path, group)
  }
  return [...groups.values()]
}

// The longest first, so that none of them runs alone at the end.
function byLength(left, right) {
  const rank = (path) => LONG.findIndex((folder) => path.startsWith(folder))
  return rank(right) - rank(left) || left.localeCompare(right)
}

function conclude({ passed, failed }) {
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0
}
