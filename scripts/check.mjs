// Owns: `npm run check`: types and lint, what a commit must pass without running the tests.
import { bootstrap } from './bootstrap.mjs'
import { lint } from './lint.mjs'

await bootstrap()
process.exitCode = (await lint()) ? 0 : 1
