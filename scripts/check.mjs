// Owns: `npm run check [-- --fix]`: types and lint, what a commit must pass without running the tests. Arguments go to oxlint.
import { bootstrap } from './bootstrap.mjs'
import { lint } from './lint.mjs'

await bootstrap()
process.exitCode = (await lint(process.argv.slice(2))) ? 0 : 1
