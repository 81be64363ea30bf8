// Owns: getting another version of Node.js from the npm package `node`, which npx caches.
import { delimiter, dirname } from 'node:path'
import { run } from './run-command.mjs'

/** The path of Node.js `version` (`24`, `20.19`); undefined when npm cannot get it, for example without a network. */
export async function otherNode(version) {
  if (!/^\d{1,3}(\.\d{1,3}){0,2}$/.test(version)) return undefined
  const args = [
    '--yes',
    '--prefer-offline',
    '--package',
    `node@${version}`,
    '--',
    'node',
    '--print',
    'process.execPath',
  ]
  // Without a network, npm retries for minutes by default.
  const env = { ...process.env, npm_config_fetch_retries: '0', npm_config_fetch_timeout: '120000' }
  const { code, text } = await run('npx', args, { env, stdout: 'pipe', stderr: 'ignore' })
  return code === 0 ? text.trim().split('\n').at(-1) : undefined
}

/** `env` with the `node` at `path` first in PATH, for all child processes. */
export function withNode(path, env = process.env) {
  return { ...env, PATH: [dirname(path), env.PATH].filter(Boolean).join(delimiter) }
}
