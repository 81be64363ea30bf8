// Owns: the console's folder, and the hash of its sources, which changes when it must be built again.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../run-command.mjs'

export const CONSOLE = join(ROOT, 'apps', 'console')
const SOURCES = ['index.html', 'package.json', 'public', 'src', 'vite.config.ts']

/** `installed`: hash of the installed packages. */
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
