// Owns: `npm run bench [-- SUITE] [--node VERSION]`. It passes all other options to the benchmark: see bench/README.md.
import { join } from 'node:path'
import { bootstrap, BootstrapError, ensurePeers } from './bootstrap.mjs'
import { otherNode, withNode } from './other-node.mjs'
import { ROOT, run, say } from './run-command.mjs'
import { splitSuite } from './suite-argument.mjs'

/** The suites' files in bench. */
const SUITES = {
  rows: 'run',
  sweep: 'token-sweep',
  isolation: 'isolation',
  replies: 'replies',
  confirmed: 'confirmed',
  shards: 'shards',
  ordering: 'ordering',
  replay: 'replay',
  'bad-signatures': 'bad-signatures',
  'narrow-caller': 'narrow-caller',
  console: 'console',
  lanes: 'lanes',
  'low-rate': 'low-rate',
}

const { suite, args } = splitSuite(process.argv.slice(2), { known: Object.keys(SUITES), byDefault: 'rows' })
const at = args.indexOf('--node')
const [, version] = at < 0 ? [] : args.splice(at, 2)
const node = at < 0 ? process.execPath : await otherNode(version ?? '')

if (node === undefined) {
  say(`There is no Node.js ${version} to be had from npm.`)
  process.exitCode = 1
} else await bench(node)

async function bench(executable) {
  await bootstrap()
  if (suite === 'rows') await installPeers()
  const { code } = await run(executable, [join(ROOT, 'bench', `${SUITES[suite]}.mjs`), ...args], {
    cwd: ROOT,
    env: withNode(executable),
  })
  process.exitCode = code
}

async function installPeers() {
  try {
    await ensurePeers()
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
    say(`${error.message} The rows that compare with them are left out.`)
  }
}
