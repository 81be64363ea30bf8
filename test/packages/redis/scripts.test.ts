// The .lua files: that Redis can read each, and that its header names what it takes and nothing else.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readScript } from '@wxgw/redis'
import t from 'tap'
import { startStore } from './queues-fixture.ts'

const SOURCES = fileURLToPath(new URL('../../../../packages/redis/src/', import.meta.url))

const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
const files = names
  .filter((name) => name.endsWith('.lua'))
  .map((name) => {
    const text = readFileSync(join(SOURCES, name), 'utf8')
    const end = text.search(/^(?!--)/m)
    const header = text.slice(0, end)
    return { name: name.slice(0, -'.lua'.length), header, body: text.slice(end), isScript: /^-- RETURN /m.test(header) }
  })
const scripts = files.filter(({ isScript }) => isScript)
const code = names
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(SOURCES, name), 'utf8'))
  .join('')

void t.test('Redis compiles every script', async (t) => {
  const { commands } = await startStore(t)
  t.ok(scripts.length > 5, 'there are scripts')
  for (const { name } of scripts) {
    await t.resolves(commands.script('LOAD', readScript(name).lua), name)
  }
})

void t.test('every header says what the script takes, returns and costs', (t) => {
  for (const { name, header, body } of scripts) {
    t.match(header, /^-- [A-Z][^\n]*\n/, `${name} says first what it does`)
    t.match(header, /^-- COST /m, `${name} says what it costs`)
    for (const line of header.trim().split('\n')) t.ok(line.length <= 120, `${name}: ${line}`)
    const { records, ...taken } = readScript(name).names
    const used = [Object.values(taken), Object.values(records)].flat(2).filter((one) => one !== undefined)
    const unread = new Set([...header.matchAll(/^-- KEY (\w+) .*only for its hash tag$/gm)].map(([, key]) => key))
    for (const one of used.filter((name) => !unread.has(name))) {
      t.match(body + includedBy(header), new RegExp(`\\b${one}\\b`), `${name} uses ${one}`)
    }
    t.notMatch(body, /\b(?:KEYS|ARGV)\[\d/, `${name} calls what it takes by its name`)
    const declared = new Set([...includedBy(header).matchAll(/^local (?:function )?(\w+)/gm)].map(([, local]) => local))
    const found = used.filter((one) => declared.has(one))
    t.same(found, [], `${name} includes no local of such a name`)
  }
  t.end()
})

void t.test('rows and records are read by the names of the header, in its order', (t) => {
  for (const { name, header, body: own } of scripts) {
    const body = own + includedBy(header)
    const { eachKeys, eachArgs, records } = readScript(name).names
    const loops = [...body.matchAll(/^\s*for (\w+), (.+) in each\(\) do\b/gm)].map(([, , row = '']) => row.split(', '))
    const row = [...eachKeys, ...eachArgs]
    t.same(
      loops,
      loops.map(() => row),
      name,
    )
    t.equal(loops.length > 0, row.length > 0, `${name} walks over its rows`)
    for (const [record, fields] of Object.entries(records)) {
      const reader = `read${record.charAt(0).toUpperCase()}${record.slice(1)}`
      const reads = [...body.matchAll(new RegExp(`^\\s*local (\\w+), ([^=]+) = ${reader}\\(`, 'gm'))]
      t.ok(reads.length > 0, `${name} reads ${record}`)
      for (const [, , read = ''] of reads) t.same(read.split(/,\s+/), fields, `${name}: ${record}`)
    }
  }
  t.end()
})

void t.test('every script is defined once, and every other file is included by one', (t) => {
  for (const { name, isScript } of files) {
    if (isScript) t.equal(code.split(`name: '${name}'`).length, 2, name)
    else
      t.ok(
        files.some(({ header }) => header.includes(`\n-- INCLUDE ${name}\n`)),
        name,
      )
  }
  t.end()
})

/** With what those include. */
function includedBy(header: string): string {
  const included = [...header.matchAll(/^-- INCLUDE (.+)$/gm)].map(([, name]) => name)
  return files
    .filter(({ name }) => included.includes(name))
    .map((file) => file.body + includedBy(file.header))
    .join('')
}
