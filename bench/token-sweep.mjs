// Owns: `npm run bench -- sweep [authorizers]`: the row `sweep` alone, by default with a million authorizers, with all
// figures.
import { cpus } from 'node:os'
import { readOptions } from '../scripts/read-options.mjs'
import { measureSweep } from './rows/sweep.mjs'

const { authorizers } = readOptions({ numbers: { authorizers: { default: 1_000_000 } } }).values
const [report] = await measureSweep([authorizers])
process.stdout.write(`${JSON.stringify({ ...report, cpu: cpus()[0]?.model }, null, 2)}\n`)
process.exitCode = report.slowestTickMs < 50 && report.bytesPerAuthorizer < 2_560 ? 0 : 1
