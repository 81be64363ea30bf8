// Owns: that the generated files in the repository are what the table of settings says.
import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { generateConfigurationDocs, generateEnvExample, loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { COMPLETE, filesOf } from './settings-for-tests.ts'

const root = new URL('../../../../', import.meta.url)

void t.test('docs/configuration.md is up to date (npm run docs)', async (t) => {
  t.equal(await readFile(new URL('docs/configuration.md', root), 'utf8'), generateConfigurationDocs())
})

void t.test('.env.example is up to date (npm run docs)', async (t) => {
  t.equal(await readFile(new URL('.env.example', root), 'utf8'), generateEnvExample())
})

void t.test('.env.example with the required settings filled in starts with the defaults', async (t) => {
  const example = parseEnv(generateEnvExample())
  const found = Object.keys(example).toSorted()
  t.strictSame(found, Object.keys(COMPLETE).toSorted(), 'asks for what is required, and for nothing else')
  const filled = { ...example, ...COMPLETE }
  const shown = JSON.stringify(loadConfig({ env: filled, readFile: filesOf({}) }))
  t.strictSame(shown, JSON.stringify(loadConfig({ env: COMPLETE, readFile: filesOf({}) })))
})

void t.test('every default that the example shows is the one that is used', async (t) => {
  const shown = parseEnv(generateEnvExample().replace(/^# ([A-Z_]+=)/gm, '$1'))
  const found = JSON.stringify(loadConfig({ env: { ...shown, ...COMPLETE }, readFile: filesOf({}) }))
  t.equal(found, JSON.stringify(loadConfig({ env: COMPLETE, readFile: filesOf({}) })))
})
