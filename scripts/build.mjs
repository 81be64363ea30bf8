// Owns: `npm run build`.
import { bootstrap } from './bootstrap.mjs'

await bootstrap()
