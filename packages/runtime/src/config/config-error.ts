// Owns: problems of a configuration, and their error. They contain names and paths, never values.

/**
 * `setting` is the variable's name, or `CONFIG_FILE` with the path inside the file (`CONFIG_FILE platforms[0].token`).
 */
export type ConfigProblem = { setting: string; problem: string }

export type ReportProblem = (setting: string, problem: string) => void

/**
 * All problems and warnings of the configuration (a warning may name the misspelt form of a missing setting). The
 * message has one line for each, and contains no secrets.
 */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID'
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[], warnings: readonly ConfigProblem[] = []) {
    const head = `the configuration has ${counted(problems, 'problem')}`
    const tail = warnings.length > 0 ? [`and ${counted(warnings, 'warning')}`, ...warnings.map(line)] : []
    super([head, ...problems.map(line), ...tail].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
    this.warnings = warnings
  }
}

function line({ setting, problem }: ConfigProblem): string {
  return `  ${setting}: ${problem}`
}

function counted(entries: readonly ConfigProblem[], what: string): string {
  return `${entries.length} ${what}${entries.length === 1 ? '' : 's'}`
}
