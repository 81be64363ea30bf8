// Owns: the types of `readOptions` of scripts/read-options.mjs, which reads the command line of the programs of `npm run test:chaos`.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { PROJECT_ROOT } from './docs.ts'

type NumberOption = { from?: number; default?: number }
type Option =
  | ({ type: 'number' } & NumberOption)
  | { type: 'string'; default?: string }
  | { type: 'boolean'; default?: boolean }

type Parsed<O> = O extends { type: 'boolean' } ? boolean : O extends { type: 'string' } ? string : number
type Values<O> = {
  [Name in keyof O]: O[Name] extends { default: unknown } ? Parsed<O[Name]> : Parsed<O[Name]> | undefined
}

type ReadOptions = <const Config extends { options?: Record<string, Option>; numbers?: Record<string, NumberOption> }>(
  config: Config,
) => {
  values: (Config extends { options: infer Options } ? Values<Options> : unknown) &
    (Config extends { numbers: infer Numbers } ? Values<Numbers> : unknown)
}

export const { readOptions }: { readOptions: ReadOptions } = await import(
  pathToFileURL(join(PROJECT_ROOT, 'scripts/read-options.mjs')).href
)
