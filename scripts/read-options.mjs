// Owns: the options and arguments of a command. `--help` prints them. One that is unknown, lacks its value or has a wrong one ends
// the process with 1.
import { parseArgs } from 'node:util'
import { say } from './run-command.mjs'

/** A seed has 32 bits; nothing that is counted needs more. */
const MAX_NUMBER = 2 ** 32 - 1

/**
 * As `parseArgs`, with its configuration. Besides, the type of an option may be `number`: a whole number of at least `from`
 * (default 1). `numbers` are positional arguments of that kind, by name and in order. Their values are returned among `values`.
 */
export function readOptions({ options = {}, numbers = {}, ...config }) {
  try {
    const { values, positionals } = parseArgs({
      ...(Object.keys(numbers).length > 0 ? { allowPositionals: true } : {}),
      ...config,
      options: { ...Object.fromEntries(Object.entries(options).map(parsedOption)), help: { type: 'boolean' } },
    })
    if (values.help) {
      say(describe(options, numbers))
      process.exit(0)
    }
    for (const [name, option] of Object.entries(options))
      if (option.type === 'number') values[name] = readNumber(`--${name}`, values[name], option)
    for (const [name, number] of Object.entries(numbers)) values[name] = readNumber(name, positionals.shift(), number)
    if (!config.allowPositionals && positionals.length > 0)
      throw new OptionError(`Unexpected argument '${positionals[0]}'`)
    return { values, positionals }
  } catch (error) {
    if (!(error instanceof OptionError) && !String(error.code).startsWith('ERR_PARSE_ARGS')) throw error
    say(`${error.message.split(/\.\s/)[0]}. ${describe(options, numbers)}`)
    process.exit(1)
  }
}

class OptionError extends Error {}

/** `parseArgs` has no numbers: it reads their text. */
function parsedOption([name, option]) {
  return [name, option.type === 'number' ? { type: 'string' } : option]
}

function readNumber(name, text, { from = 1, default: byDefault }) {
  if (text === undefined) return byDefault
  const number = /^\d+$/.test(text) ? Number(text) : NaN
  if (number >= from && number <= MAX_NUMBER) return number
  throw new OptionError(`'${name}' is a whole number from ${from} to ${MAX_NUMBER}, not '${text}'`)
}

function describe(options, numbers) {
  const names = Object.entries(options).map(nameOf)
  const places = Object.keys(numbers).map((name) => `[${name}]`)
  const ofArguments = places.length > 0 ? `Arguments: ${places.join(' ')}. ` : ''
  return ofArguments + (names.length > 0 ? `Options: ${names.join(', ')}.` : 'It has no options.')
}

function nameOf([name, { type }]) {
  if (type === 'boolean') return `--${name}`
  return `--${name} ${type === 'number' ? 'NUMBER' : 'VALUE'}`
}
