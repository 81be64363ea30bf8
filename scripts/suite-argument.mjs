// Owns: the first argument of a command with several suites: the suite's name, or none for the default.
import { say } from './run-command.mjs'

/**
 * Exits the process for `--help`, for an unknown name, and without one when there is no default. Other arguments belong to
 * the suite.
 */
export function splitSuite([first, ...rest], { known, byDefault }) {
  const isNamed = first !== undefined && !first.startsWith('-')
  if (!isNamed && first !== '--help' && byDefault !== undefined)
    return { suite: byDefault, args: first === undefined ? [] : [first, ...rest] }
  if (isNamed && known.includes(first)) return { suite: first, args: rest }
  say(`${isNamed ? `There is no ${first}; there` : 'There'} are ${known.join(', ')}.`)
  process.exit(first === '--help' ? 0 : 1)
}
