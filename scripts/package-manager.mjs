// Owns: finding programs, and running the system's package manager with the rights that it needs.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { run } from './run-command.mjs'

/** Whether all of them, one after the other, ended well. */
export async function runSteps(steps, env) {
  for (const [command, ...args] of steps) {
    const { code } = await run(command, args, { env: { ...process.env, ...env }, stdout: process.stderr })
    if (code !== 0) return false
  }
  return true
}

/** What makes a command run as root: [] as root, sudo where it asks for no password, undefined otherwise. */
export async function rootPrefix() {
  if (process.getuid?.() === 0) return []
  const sudo = await findInPath('sudo')
  if (!sudo) return undefined
  const { code } = await run(sudo, ['-n', 'true'], { stdout: 'ignore', stderr: 'ignore' })
  // `env` keeps what sudo would drop.
  return code === 0 ? [sudo, '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'] : undefined
}

/** Looks in sbin as well: Debian keeps servers there, and it is not in everybody's PATH. */
export async function findInPath(name) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  for (const directory of directories.filter(Boolean)) {
    const path = join(directory, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

async function isExecutable(path) {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
