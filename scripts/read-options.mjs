// Owns: the options of a command. `--help` prints them; one that is unknown, or lacks its value, ends the process with 1.
import { parseArgs } from 'node:util'
import { say } from './run-command.mjs'

/** As `parseArgs`, with its configuration. */
export function readOptions({ options = {}, ...config }) {
  const names = Object.entries(options).map(nameOf)
  const known = names.length > 0 ? `Options: ${names.join(', ')}.` : 'It has no options.'
  try {
    const read = parseArgs({ ...config, options: { ...options, help: { type: 'boolean' } } })
    if (!read.values.help) return read
    say(known)
    process.exit(0)
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
    say(`${error.message.split('. ')[0]}. ${known}`)
    process.exit(1)
  }
}

function nameOf([name, { type }]) {
  return type === 'boolean' ? `--${name}` : `--${name} VALUE`
}
