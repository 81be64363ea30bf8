// Owns: the first argument of a command that does several things: the name of one, or the one that is done without a name.
import { say } from './run-command.mjs'

/** Ends the process when the first argument is not a known name, or there is none and no default. The other arguments are the suite's own. */
export function splitSuite([first, ...rest], { known, byDefault }) {
  const isNamed = first !== undefined && !first.startsWith('-')
  if (!isNamed && byDefault !== undefined)
    return { suite: byDefault, args: first === undefined ? [] : [first, ...rest] }
  if (isNamed && known.includes(first)) return { suite: first, args: rest }
  say(`${isNamed ? `There is no ${first}; there` : 'There'} are ${known.join(', ')}.`)
  process.exit(1)
}
