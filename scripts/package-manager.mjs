// Owns: finding programs, and running the system's package manager as root.
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { run } from './run-command.mjs'

/** Runs them one after the other. Returns whether all succeeded. */
export async function runSteps(steps, env) {
  for (const [command, ...args] of steps) {
    const { code } = await run(command, args, { env: { ...process.env, ...env }, stdout: process.stderr })
    if (code !== 0) return false
  }
  return true
}

/** The prefix that runs a command as root: [] as root, sudo when it needs no password, else undefined. */
export async function rootPrefix() {
  if (process.getuid?.() === 0) return []
  const sudo = await findInPath('sudo')
  if (!sudo) return undefined
  const { code } = await run(sudo, ['-n', 'true'], { stdout: 'ignore', stderr: 'ignore' })
  // `env` sets the variables that sudo drops.
  return code === 0 ? [sudo, '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'] : undefined
}

/** Searches sbin, too: Debian installs servers there, and not every user's PATH has it. */
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
