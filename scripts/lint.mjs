// Owns: `npm run lint`: oxlint with the rules that need types. What the rules are stands in .oxlintrc.json.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bootstrap } from './bootstrap.mjs'
import { ROOT, run } from './run-command.mjs'

const OXLINT = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint')

/** Answers whether everything passed. Rules that need types need a built tree. */
export async function lint(args = []) {
  const { code } = await run(process.execPath, [OXLINT, '--type-aware', '--deny-warnings', ...args])
  return code === 0
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bootstrap()
  process.exitCode = (await lint(process.argv.slice(2))) ? 0 : 1
}
