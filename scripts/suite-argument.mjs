// Owns: the first argument of a command that has several suites: its name, or the suite that runs without one.
import { say } from './run-command.mjs'

/** Ends the process when the first argument is a name that is not known. All other arguments are the suite's own. */
export function splitSuite([first, ...rest], { known, byDefault }) {
  if (first === undefined || first.startsWith('-')) return { suite: byDefault, args: first === undefined ? [] : [first, ...rest] }
  if (known.includes(first)) return { suite: first, args: rest }
  say(`There is no ${first}; there are ${known.join(', ')}.`)
  process.exit(1)
}
