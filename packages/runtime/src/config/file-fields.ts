// Owns: walking a parsed YAML file and reporting problems with their path. config-file.ts knows the fields.
import type { ReportProblem } from './config-error.ts'
import type { Parser } from './parsed.ts'

/** A place in the file, named as in `platforms[0].token`; the empty path is the file itself. */
export type Field = { path: string; value: unknown }

/**
 * A text whose `${NAME}` could not be resolved. That was reported already, so no other problem is reported for it.
 */
export const UNRESOLVED = Symbol('unresolved')

export function reportAt(report: ReportProblem, path: string, problem: string): void {
  report(path === '' ? 'CONFIG_FILE' : `CONFIG_FILE ${path}`, problem)
}

/**
 * The fields of a map; every key outside `known` is a problem. A key without a value counts as missing only for
 * `readText`.
 */
export function readMap<const Key extends string>(
  field: Field,
  known: readonly Key[],
  report: ReportProblem,
): Partial<Record<Key, Field>> | undefined {
  const { path, value } = field
  if (value === UNRESOLVED) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    reportAt(report, path, `must be a map of ${known.join(', ')}`)
    return undefined
  }
  const fields: Partial<Record<Key, Field>> = {}
  for (const [key, inner] of Object.entries(value)) {
    const name = known.find((one) => one === key)
    const innerPath = path === '' ? key : `${path}.${key}`
    if (name === undefined)
      reportAt(report, /^\w{1,64}$/.test(key) ? innerPath : path, `is not known here; known are ${known.join(', ')}`)
    else fields[name] = { path: innerPath, value: inner }
  }
  return fields
}

/** undefined when it is missing, or after a reported problem. */
export function readList(field: Field | undefined, report: ReportProblem): readonly Field[] | undefined {
  if (!field || field.value === UNRESOLVED) return undefined
  if (!Array.isArray(field.value)) {
    reportAt(report, field.path, 'must be a list')
    return undefined
  }
  return field.value.map((value: unknown, index) => ({ path: `${field.path}[${index}]`, value }))
}

/** undefined when it is missing or empty, or after a reported problem. */
export function readText<T>(field: Field | undefined, parse: Parser<T>, report: ReportProblem): T | undefined {
  if (!field || field.value === UNRESOLVED || field.value === '') return undefined
  if (typeof field.value !== 'string') {
    reportAt(report, field.path, 'must be a text')
    return undefined
  }
  const parsed = parse(field.value.trim())
  if ('value' in parsed) return parsed.value
  reportAt(report, field.path, parsed.problem)
  return undefined
}

/** As `readText`, but a missing value is a problem of `path`. */
export function readRequiredText<T>(wanted: Wanted, parse: Parser<T>, report: ReportProblem): T | undefined {
  const { field, path } = wanted
  if (!field || field.value === '') {
    reportAt(report, path, 'is missing')
    return undefined
  }
  return readText(field, parse, report)
}

type Wanted = { field: Field | undefined; path: string }

/** A list of texts; undefined when it is missing. Reports and skips an invalid entry. */
export function readTexts<T>(
  field: Field | undefined,
  parse: Parser<T>,
  report: ReportProblem,
): readonly T[] | undefined {
  return readList(field, report)?.flatMap((entry) => {
    const value = readRequiredText({ field: entry, path: entry.path }, parse, report)
    return value === undefined ? [] : [value]
  })
}
