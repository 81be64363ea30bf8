// Owns: finding a redis-server or valkey-server on this machine, or installing one where allowed.
import { findInPath, rootPrefix, runSteps } from './package-manager.mjs'
import { say } from './run-command.mjs'

const SERVERS = ['redis-server', 'valkey-server']

const INSTALLERS = [
  {
    command: 'apt-get',
    needsRoot: true,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    // Installed without starting it: the tests start their own. Outdated package lists are updated once.
    attempts: [
      [['install', '-y', '--no-install-recommends', 'redis-server']],
      [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']],
    ],
  },
  { command: 'apk', needsRoot: true, attempts: [[['add', '--no-cache', 'redis']], [['add', '--no-cache', 'valkey']]] },
  { command: 'dnf', needsRoot: true, attempts: [[['install', '-y', 'redis']], [['install', '-y', 'valkey']]] },
  { command: 'brew', needsRoot: false, attempts: [[['install', 'redis']]] },
]

/** `{ path, kind }` of the server in PATH, redis-server before valkey-server; undefined without one. */
export async function findRedisServer() {
  for (const kind of SERVERS) {
    const path = await findInPath(kind)
    if (path) return { path, kind }
  }
  return undefined
}

/** As `findRedisServer`, but installs one if missing. Otherwise prints how to, and returns undefined. */
export async function ensureRedisServer() {
  const found = await findRedisServer()
  if (found) return found
  for (const installer of INSTALLERS) {
    const command = await findInPath(installer.command)
    if (!command) continue
    const prefix = installer.needsRoot ? await rootPrefix() : []
    if (!prefix) break
    say(`Installing redis-server with ${installer.command} …`)
    for (const steps of installer.attempts) {
      if (
        await runSteps(
          steps.map((step) => [...prefix, command, ...step]),
          installer.env,
        )
      )
        break
    }
    break
  }
  const installed = await findRedisServer()
  if (!installed) say('The tests need redis-server in PATH. Install it, for example: sudo apt-get install redis-server')
  return installed
}
