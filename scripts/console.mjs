// Owns: `npm run console:dev` and `npm run console:shots`. Each is a file of scripts/console.
import { splitSuite } from './suite-argument.mjs'

const { suite, args } = splitSuite(process.argv.slice(2), { known: ['dev', 'shots'] })
const { main } = await import(new URL(`./console/${suite}.mjs`, import.meta.url))
process.exitCode = await main(args)
