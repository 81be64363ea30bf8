// Owns: reading a .lua file and composing the text that Redis runs: a Lua local for each name of its header, the
// included files, and the file itself. CONTRIBUTING.md describes the header.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * In the order of KEYS and ARGV: `keys` and `args`, then either `eachKeys` and `eachArgs` of each row in turn, or
 * `moreKeys` and `moreArgs`.
 */
export type ScriptNames = {
  keys: readonly string[]
  args: readonly string[]
  eachKeys: readonly string[]
  eachArgs: readonly string[]
  moreKeys: string | undefined
  moreArgs: string | undefined
  /** By name, the fields of one record within `moreArgs`. */
  records: Readonly<Record<string, readonly string[]>>
}

type ScriptText = { lua: string; names: ScriptNames }

type LuaFile = { text: string; lines(kind: HeaderKind): string[] }

type HeaderKind = 'KEY' | 'ARG' | 'EACH KEY' | 'EACH ARG' | 'MORE KEYS' | 'MORE ARGS' | 'RECORD' | 'NEED' | 'INCLUDE'

/** `dist` has no .lua files, so they are read from `src`. */
const SOURCES = new URL('../../src/', import.meta.url)

/**
 * `name`: the path within `packages/redis/src`, without `.lua`. Throws when a file is missing or a header has errors.
 */
export function readScript(name: string): ScriptText {
  const file = readLua(name)
  const names: ScriptNames = {
    keys: namesOf(file.lines('KEY')),
    args: namesOf(file.lines('ARG')),
    eachKeys: namesOf(file.lines('EACH KEY')),
    eachArgs: namesOf(file.lines('EACH ARG')),
    moreKeys: namesOf(file.lines('MORE KEYS'))[0],
    moreArgs: namesOf(file.lines('MORE ARGS'))[0],
    records: recordsOf(file.lines('RECORD')),
  }
  const included = new Map<string, LuaFile>()
  for (const one of file.lines('INCLUDE')) include(one, included)
  const known = new Set([...names.keys, ...names.args])
  for (const [path, { lines }] of included) {
    const missing = namesOf(lines('NEED')).filter((needed) => !known.has(needed))
    if (missing.length > 0) throw new Error(`${name}.lua includes ${path}.lua, which needs ${missing.join(', ')}`)
  }
  return { lua: [localsOf(names), ...[...included.values()].map(({ text }) => text), file.text].join('\n'), names }
}

/** Adds the file once, after the files that it includes. */
function include(name: string, included: Map<string, LuaFile>): void {
  if (included.has(name)) return
  const file = readLua(name)
  for (const one of file.lines('INCLUDE')) include(one, included)
  included.set(name, file)
}

function readLua(name: string): LuaFile {
  const text = readFileSync(fileURLToPath(new URL(`${name}.lua`, SOURCES)), 'utf8')
  const header = text.slice(0, text.search(/^(?!--)/m))
  const lines = (kind: HeaderKind) =>
    [...header.matchAll(new RegExp(`^-- ${kind} (.+)$`, 'gm'))].map(([, line = '']) => line.trim())
  return { text, lines }
}

/** Each line is `name  description`. */
function namesOf(lines: readonly string[]): string[] {
  return lines.map((line) => /^\w+/.exec(line)?.[0] ?? '')
}

/** Each line is `name: field, field, …`. Lines with the same name continue the list. */
function recordsOf(lines: readonly string[]): Record<string, string[]> {
  const records: Record<string, string[]> = {}
  for (const line of lines) {
    const [name = '', fields = ''] = line.split(':')
    records[name] = [...(records[name] ?? []), ...fields.split(',').map((field) => field.trim())]
  }
  return records
}

function localsOf({ keys, args, eachKeys, eachArgs, moreKeys, moreArgs, records }: ScriptNames): string {
  const values = [...keys.map((_, index) => `KEYS[${index + 1}]`), ...args.map((_, index) => `ARGV[${index + 1}]`)]
  const lines = values.length === 0 ? [] : [`local ${[...keys, ...args].join(', ')} = ${values.join(', ')}`]
  if (moreKeys !== undefined) lines.push(`local ${moreKeys} = ${keys.length + 1}`)
  if (moreArgs !== undefined) lines.push(`local ${moreArgs} = ${args.length + 1}`)
  if (eachKeys.length + eachArgs.length > 0) {
    const at = (list: 'KEYS' | 'ARGV', fixed: number, own: readonly string[]) =>
      own.map((_, index) => `${list}[index * ${own.length} + ${fixed + 1 + index}]`)
    const row = [...at('KEYS', keys.length, eachKeys), ...at('ARGV', args.length, eachArgs)]
    lines.push(
      `local function nextRow(_, index) if ${row[0]} then return index + 1, ${row.join(', ')} end end`,
      'local function each() return nextRow, nil, 0 end',
    )
  }
  for (const [name, fields] of Object.entries(records)) {
    const read = fields.map((_, index) => `ARGV[at + ${index}]`)
    lines.push(`local function ${readerOf(name)}(at) return at + ${fields.length}, ${read.join(', ')} end`)
  }
  return lines.join('\n')
}

/** The Lua function that reads a record: `event` → `readEvent`. */
function readerOf(record: string): string {
  return `read${record.charAt(0).toUpperCase()}${record.slice(1)}`
}
