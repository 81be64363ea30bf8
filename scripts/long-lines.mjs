// Owns: the rule that product code has lines of at most 120 characters. oxfmt does not break comments and texts.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './run-command.mjs'

const MAX_CHARACTERS = 120
const APPS = ['console', 'ingress', 'simulator', 'worker']
const CODE = /\.(?:tsx?|lua)$/
/** Lines with a URL, or a quoted text of 40 characters or more, may be longer. */
const UNBROKEN = /https?:\/\/|(['"`])(?:(?!\1).){40,}(?:\1|$)/
/** Generated files, and templates: styles, the text of docs/configuration.md. */
const EXEMPT = new Set([
  join('apps', 'console', 'src', 'api', 'bounds.ts'),
  join('apps', 'console', 'src', 'api', 'schema.ts'),
  join('apps', 'ingress', 'src', 'pages', 'layout.ts'),
  join('apps', 'simulator', 'src', 'html.ts'),
  join('packages', 'runtime', 'src', 'config', 'config-docs.ts'),
])

/** Returns `file:line` of each line that is too long. */
export async function longLines() {
  const packages = await readdir(join(ROOT, 'packages'))
  const folders = [...APPS.map((name) => join('apps', name)), ...packages.map((name) => join('packages', name))]
  const found = []
  for (const folder of folders.map((one) => join(one, 'src'))) {
    for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
      const file = join(folder, name)
      if (!CODE.test(file) || EXEMPT.has(file)) continue
      const lines = (await readFile(join(ROOT, file), 'utf8')).split('\n')
      for (const [index, line] of lines.entries()) {
        if (line.length > MAX_CHARACTERS && !UNBROKEN.test(line)) found.push(`${file}:${index + 1}`)
      }
    }
  }
  return found
}
