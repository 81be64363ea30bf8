// Owns: installing the languages of examples/, only when CI is set. Elsewhere the tests of a missing language are skipped
// and name the packages.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findInPath, rootPrefix, runSteps } from './package-manager.mjs'
import { ROOT, run, say } from './run-command.mjs'

const LANGUAGES = join(ROOT, 'test', 'examples', 'languages.json')
const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive' }

/** Only when CI is set and apt-get may be used. The tests skip a language that cannot be installed. */
export async function ensureExampleLanguages() {
  if (!process.env.CI) return
  const packages = await missingPackages()
  const aptGet = packages.length > 0 ? await findInPath('apt-get') : undefined
  const prefix = aptGet ? await rootPrefix() : undefined
  if (!prefix) return
  say(`Installing the languages of the examples: ${packages.join(' ')} …`)
  const install = [...prefix, aptGet, 'install', '-y', '--no-install-recommends', ...packages]
  for (const steps of [[install], [[...prefix, aptGet, 'update'], install]])
    if (await runSteps(steps, ENVIRONMENT)) return
}

async function missingPackages() {
  const languages = JSON.parse(await readFile(LANGUAGES, 'utf8'))
  const found = await Promise.all(languages.map(({ probe }) => succeeds(probe)))
  return languages.flatMap(({ packages }, index) => (found[index] ? [] : packages))
}

async function succeeds([command, ...args]) {
  if (!(await findInPath(command))) return false
  const { code } = await run(command, args, { stdout: 'ignore', stderr: 'ignore' })
  return code === 0
}
