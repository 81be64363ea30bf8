// Owns: where the console is, and whether it is still the one that was built.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../run-command.mjs'

export const CONSOLE = join(ROOT, 'apps', 'console')
const SOURCES = ['index.html', 'package.json', 'public', 'src', 'vite.config.ts']

/** Of whatever its files are made from; `installed` stands for the packages. */
export async function consoleHash(installed) {
  const hash = createHash('sha256').update(installed)
  for (const path of await sourcePaths()) hash.update(path).update(await readFile(join(CONSOLE, path)))
  return hash.digest('hex')
}

async function sourcePaths() {
  const entries = await readdir(CONSOLE, { withFileTypes: true })
  const found = entries.filter(({ name }) => SOURCES.includes(name)).map((entry) => pathsIn(entry))
  return (await Promise.all(found)).flat().toSorted((left, right) => left.localeCompare(right))
}

async function pathsIn(entry) {
  if (!entry.isDirectory()) return [entry.name]
  const inside = await readdir(join(CONSOLE, entry.name), { recursive: true, withFileTypes: true })
  return inside
    .filter((each) => each.isFile())
    .map(({ parentPath, name }) => join(parentPath.slice(CONSOLE.length + 1), name))
}
