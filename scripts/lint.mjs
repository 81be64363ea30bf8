// Owns: oxlint with the rules that need types. The rules are in .oxlintrc.json.
import { join } from 'node:path'
import { ROOT, run } from './run-command.mjs'

const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint')

/** Answers whether everything passed. Rules that need types need a built tree. */
export async function lint(args = []) {
  const { code } = await run(process.execPath, [OXLINT, '--type-aware', '--deny-warnings', ...args])
  return code === 0
}
