// Owns: oxlint with the rules that need types, and the length of lines. The rules of oxlint are in .oxlintrc.json.
import { join } from 'node:path'
import { longLines } from './long-lines.mjs'
import { ROOT, run } from './run-command.mjs'

const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint')

/** Answers whether everything passed. Rules that need types need a built tree. */
export async function lint(args = []) {
  const { code } = await run(process.execPath, [OXLINT, '--type-aware', '--deny-warnings', ...args])
  const tooLong = await longLines()
  for (const place of tooLong) console.error(`${place}: the line has more than 120 characters`)
  return code === 0 && tooLong.length === 0
}
