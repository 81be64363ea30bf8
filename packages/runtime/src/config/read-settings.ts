// Owns: reading the table of settings from the environment and `.env`. What settings mean together is config.ts' business.
import { parseEnv } from 'node:util'
import type { ReportProblem } from './config-error.ts'
import { type SettingName, SETTINGS, type SettingValues } from './settings.ts'

export type Variables = Readonly<Record<string, string | undefined>>
export type ReadFile = (path: string) => string

/** `.env` of the working directory under the environment, which wins. No `.env` is no problem; one that cannot be read is. */
export function withDotEnv(env: Variables, readFile: ReadFile, report: ReportProblem): Variables {
  try {
    return { ...parseEnv(readFile('.env')), ...env }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) report('.env', 'cannot be read')
    return env
  }
}

/** A variable that is empty counts as not set: an empty line of a compose file or of `.env` takes the default. */
export function readSettings(variables: Variables, report: ReportProblem): SettingValues {
  const names = Object.keys(SETTINGS) as SettingName[]
  return Object.fromEntries(names.map((name) => [name, readSetting(name, variables, report)])) as SettingValues
}

export function isSet(name: SettingName, variables: Variables): boolean {
  return (variables[name] ?? '').trim() !== ''
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function readSetting(name: SettingName, variables: Variables, report: ReportProblem): unknown {
  const { parse, absent } = SETTINGS[name]
  const text = (variables[name] ?? '').trim()
  if (text === '') return absent
  const parsed = parse(text)
  if ('value' in parsed) return parsed.value
  report(name, parsed.problem)
  return absent
}
