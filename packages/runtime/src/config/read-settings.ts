// Owns: reading the table of settings from the environment and `.env`. Rules about several settings are in
// load-config.ts.
import type { ReportProblem } from './config-error.ts'
import { parseDotEnv } from './dot-env.ts'
import { type SettingName, SETTINGS, type SettingValues } from './settings.ts'
import { decodeText, isErrno, type ReadFile } from './text-file.ts'

export type Variables = Readonly<Record<string, string | undefined>>

type DotEnvDeps = { readFile: ReadFile; report: ReportProblem; warn: ReportProblem }

/**
 * Adds the variables of `.env` in the working directory; those of the environment win. A missing `.env` is fine, an
 * unreadable one is a problem.
 */
export function withDotEnv(env: Variables, { readFile, report, warn }: DotEnvDeps): Variables {
  let bytes: Uint8Array
  try {
    bytes = readFile('.env')
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) report('.env', 'cannot be read')
    return env
  }
  const decoded = decodeText(bytes)
  if ('problem' in decoded) {
    report('.env', decoded.problem)
    return env
  }
  const values = parseDotEnv(decoded.value, {
    problem: (line, problem) => report(`.env line ${line}`, problem),
    double: (line, name) => {
      warn(`.env line ${line}`, `gives ${name} another value than a line before it; the last one counts`)
    },
  })
  return { ...Object.fromEntries(values), ...env }
}

/** An empty variable counts as not set, as in an empty line of a compose file. */
export function readSettings(variables: Variables, report: ReportProblem): SettingValues {
  const names = Object.keys(SETTINGS) as SettingName[]
  return Object.fromEntries(names.map((name) => [name, readSetting(name, variables, report)])) as SettingValues
}

export function isSet(name: SettingName, variables: Variables): boolean {
  return (variables[name] ?? '').trim() !== ''
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
