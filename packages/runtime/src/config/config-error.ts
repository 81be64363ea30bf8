// Owns: how problems of a configuration are collected and told. Values never appear in them, only names and paths.

/** `setting` is the variable's name, or `CONFIG_FILE` with the path inside the file (`CONFIG_FILE platforms[0].token`). */
export type ConfigProblem = { setting: string; problem: string }

export type ReportProblem = (setting: string, problem: string) => void

/** Everything that is wrong with the configuration, at once. The message lists every problem, one a line, and may be printed. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ setting, problem }) => `  ${setting}: ${problem}`)
    super([`the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}`, ...lines].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}
