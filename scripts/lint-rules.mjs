// Owns: format (oxfmt), lint (oxlint, with the rules that need types) and the length of lines that oxfmt does not change.
// Their settings are .oxfmtrc.json and .oxlintrc.json.
import { join } from 'node:path'
import { longLines } from './long-lines.mjs'
import { ROOT, run } from './run-command.mjs'

const OXFMT = join(ROOT, 'node_modules', 'oxfmt', 'bin', 'oxfmt')
const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint')
const CODE = '**/*.{ts,tsx,mjs,cjs,css}'

/** Returns whether everything passed. `fix`: writes fixes. Needs a built tree for its types. */
export async function lint({ fix = false } = {}) {
  const format = await node(OXFMT, [fix ? '--write' : '--check', CODE])
  if (format !== 0) console.error('`npm run lint -- --fix` formats the files.')
  const rules = await node(OXLINT, ['--type-aware', '--deny-warnings', ...(fix ? ['--fix'] : [])])
  const tooLong = await longLines()
  for (const place of tooLong) console.error(`${place}: the line has more than 120 characters`)
  return format === 0 && rules === 0 && tooLong.length === 0
}

async function node(script, args) {
  const { code } = await run(process.execPath, [script, ...args])
  return code
}
