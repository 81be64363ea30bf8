// Owns: `npm run bench`. Its options go on to the benchmark: see bench/README.md.
import { join } from 'node:path'
import { bootstrap, BootstrapError, ensurePeers } from './bootstrap.mjs'
import { ROOT, run, say } from './run-command.mjs'

await bootstrap()
try {
  await ensurePeers()
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error
  say(`${error.message} The rows that compare with them are left out.`)
}
const { code } = await run(process.execPath, [join(ROOT, 'bench', 'run.mjs'), ...process.argv.slice(2)], { cwd: ROOT })
process.exitCode = code
