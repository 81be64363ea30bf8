// Owns: `npm run docs`: writes the pages that are made from code. A test fails when one of them is not as it would be written.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { ROOT, say } from './run-command.mjs'

await bootstrap({ projects: ['packages/runtime'] })
const { generateConfigurationDocs, generateEnvExample } = await import(new URL('../packages/runtime/dist/index.js', import.meta.url))

const pages = { 'docs/configuration.md': generateConfigurationDocs(), '.env.example': generateEnvExample() }
for (const [path, text] of Object.entries(pages)) {
  await writeFile(join(ROOT, path), text)
  say(`wrote ${path}`)
}
