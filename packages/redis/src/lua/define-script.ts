// Owns: running a Lua script by its hash, with named arguments. Redis gets the text when it does not know the hash yet.
import { createHash } from 'node:crypto'
import type { RedisConnection } from '../connect.ts'
import { readScript, type ScriptNames } from './read-script.ts'

type ScriptArgument = string | number

/** The names must equal those in the header of the .lua file; they are compared when the process starts. */
type ScriptDefinition = { name: string } & Partial<ScriptNames>

type Named<Names, Value> = Names extends readonly string[] ? { [Name in Names[number]]: Value } : unknown
type More<Name, Value> = Name extends string ? { [Key in Name]: readonly Value[] } : unknown
type Row<D extends ScriptDefinition> = Named<D['eachKeys'], string> & Named<D['eachArgs'], ScriptArgument>
type Each<D extends ScriptDefinition> = D extends { eachKeys: readonly string[] } | { eachArgs: readonly string[] }
  ? { each: ReadonlyArray<Row<D>> }
  : unknown

type Values<D extends ScriptDefinition> = Named<D['keys'], string> &
  Named<D['args'], ScriptArgument> &
  More<D['moreKeys'], string> &
  More<D['moreArgs'], ScriptArgument> &
  Each<D>

type Records<D extends ScriptDefinition> = {
  [Name in keyof D['records']]: (fields: Named<D['records'][Name], ScriptArgument>) => ScriptArgument[]
}

/**
 * Rejects with the driver's error. Resolves with Redis' answer, unparsed: strings, numbers, null, or lists of them. All
 * keys of one call share a hash tag, unless the file says otherwise. `records` make parts of the list `moreArgs`.
 */
export type Script<D extends ScriptDefinition = { name: string }> = {
  (redis: RedisConnection, values: Values<D>): Promise<unknown>
  records: Records<D>
}

type AnyValues = Readonly<Record<string, unknown>>

const NO_NAMES: ScriptNames = {
  keys: [],
  args: [],
  eachKeys: [],
  eachArgs: [],
  moreKeys: undefined,
  moreArgs: undefined,
  records: {},
}

/** Reads the file. Throws when its header has other names, or another order. */
export function defineScript<const D extends ScriptDefinition>(definition: D): Script<D>
export function defineScript({ name, ...defined }: ScriptDefinition) {
  const { lua, names } = readScript(name)
  const [written, given] = [JSON.stringify(names), JSON.stringify({ ...NO_NAMES, ...defined })]
  if (written !== given) throw new Error(`${name}.lua is defined with ${given}; its header has ${written}`)
  const sha = createHash('sha1').update(lua).digest('hex')
  const run = async (redis: RedisConnection, values: AnyValues) => {
    const { count, sent } = argumentsOf(names, values)
    try {
      return await redis.evalsha(sha, count, ...sent)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return redis.eval(lua, count, ...sent)
    }
  }
  return Object.assign(run, { records: recordsOf(names) })
}

/** KEYS followed by ARGV, and the number of KEYS. On the hot path: it allocates one list. */
function argumentsOf(names: ScriptNames, values: AnyValues): { count: number; sent: ScriptArgument[] } {
  const { keys, args, eachKeys, eachArgs, moreKeys, moreArgs } = names
  const rows = eachKeys.length + eachArgs.length === 0 ? [] : listOf(values['each'])
  const sent: ScriptArgument[] = []
  addFields(sent, values, keys)
  if (eachKeys.length > 0) for (const row of rows) addFields(sent, row, eachKeys)
  if (moreKeys !== undefined) addList(sent, values[moreKeys])
  const count = sent.length
  addFields(sent, values, args)
  if (eachArgs.length > 0) for (const row of rows) addFields(sent, row, eachArgs)
  if (moreArgs !== undefined) addList(sent, values[moreArgs])
  return { count, sent }
}

function recordsOf({ records }: ScriptNames): Record<string, (fields: AnyValues) => ScriptArgument[]> {
  const packers = Object.entries(records).map(([record, names]): [string, (fields: AnyValues) => ScriptArgument[]] => [
    record,
    (fields) => {
      const list: ScriptArgument[] = []
      addFields(list, fields, names)
      return list
    },
  ])
  return Object.fromEntries(packers)
}

function addFields(list: ScriptArgument[], values: unknown, names: readonly string[]): void {
  if (!isFields(values)) throw new TypeError('a row of arguments of a script is missing')
  for (const name of names) list.push(argumentOf(values[name]))
}

function addList(list: ScriptArgument[], values: unknown): void {
  for (const value of listOf(values)) list.push(argumentOf(value))
}

function argumentOf(value: unknown): ScriptArgument {
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new TypeError('an argument of a script is missing')
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError('a list of arguments of a script is missing')
}

function isFields(value: unknown): value is AnyValues {
  return typeof value === 'object' && value !== null
}
