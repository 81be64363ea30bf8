// Owns: `npm run docs`: writes the generated files: pages from settings and catalogue, the console's client from the
// routes' schemas, the programs of examples/ in the recipes. A test fails when one of them is outdated.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { consoleClient } from './console/client.mjs'
import { ROOT, say } from './run-command.mjs'

// Without the console, which is built from the files written here.
await bootstrap({ projects: ['test'] })
const { generateConfigurationDocs, generateEnvExample } = await import(
  new URL('../packages/runtime/dist/index.js', import.meta.url)
)
const { catalogueDocs, withRepeatedElements } = await import(
  new URL('../packages/catalogue/dist/index.js', import.meta.url)
)

const events = await readFile(join(ROOT, 'docs/events.md'), 'utf8')
const pages = {
  'docs/events.md': withRepeatedElements(events),
  'docs/configuration.md': generateConfigurationDocs(),
  '.env.example': generateEnvExample(),
  ...catalogueDocs(),
  ...(await consoleClient()),
}
for (const [path, text] of Object.entries(pages)) {
  await mkdir(dirname(join(ROOT, path)), { recursive: true })
  await writeFile(join(ROOT, path), text)
  say(`wrote ${path}`)
}

/** A code block of a recipe whose first line names a file of examples/ gets the content of that file. */
const PROGRAM = /^```(\w+) (examples\/\S+)\n[\s\S]*?^```$/gm

const recipes = join(ROOT, 'docs', 'recipes')
for (const name of await readdir(recipes)) {
  const path = join(recipes, name)
  const text = await readFile(path, 'utf8')
  const programs = new Map()
  for (const [, , program] of text.matchAll(PROGRAM)) programs.set(program, await readFile(join(ROOT, program), 'utf8'))
  await writeFile(
    path,
    text.replaceAll(PROGRAM, (_, language, program) => `\`\`\`${language} ${program}\n${programs.get(program)}\`\`\``),
  )
  say(`wrote docs/recipes/${name}`)
}
