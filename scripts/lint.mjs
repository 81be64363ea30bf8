// Owns: `npm run lint [-- --fix]`: types, format and lint.
import { bootstrap } from './bootstrap.mjs'
import { lint } from './lint-rules.mjs'

await bootstrap()
process.exitCode = (await lint({ fix: process.argv.includes('--fix') })) ? 0 : 1
