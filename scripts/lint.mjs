// Owns: `npm run lint [-- --fix]`: types, format and lint.
import { bootstrap } from './bootstrap.mjs'
import { lint } from './lint-rules.mjs'
import { readOptions } from './read-options.mjs'

const { values } = readOptions({ options: { fix: { type: 'boolean', default: false } } })
await bootstrap()
process.exitCode = (await lint({ fix: values.fix })) ? 0 : 1
