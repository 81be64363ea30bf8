// Owns: `npm run wxgw -- COMMAND`: commands for operators. Each is a file of scripts/wxgw.
import { splitSuite } from './suite-argument.mjs'

const COMMANDS = ['release-check', 'rotate-keys', 'unparsed']

const { suite, args } = splitSuite(process.argv.slice(2), { known: COMMANDS })
const { main } = await import(new URL(`./wxgw/${suite}.mjs`, import.meta.url))
process.exitCode = await main(args)
