// Owns: `npm run bench`. Its options go on to the benchmark: see bench/README.md.
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ROOT, run } from './run-command.mjs'

await bootstrap()
const { code } = await run(process.execPath, [join(ROOT, 'bench', 'run.mjs'), ...process.argv.slice(2)], { cwd: ROOT })
process.exitCode = code
