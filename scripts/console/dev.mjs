// Owns: `npm run console:dev [-- URL]`: the console with hot reload. URL: the internal listener of a running gateway; by
// default that of `npm run demo`.
import { join } from 'node:path'
import { bootstrap } from '../bootstrap.mjs'
import { CONSOLE } from './sources.mjs'
import { run } from '../run-command.mjs'

export async function main([url = 'http://127.0.0.1:3001']) {
  await bootstrap()
  const vite = join(CONSOLE, 'node_modules', 'vite', 'bin', 'vite.js')
  const { code } = await run(process.execPath, [vite], { cwd: CONSOLE, env: { ...process.env, CONSOLE_GATEWAY: url } })
  return code
}
