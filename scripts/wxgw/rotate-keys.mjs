// Owns: `npm run wxgw -- rotate-keys`: seals everything stored anew with the first of SEALING_KEYS, and prints one line of JSON a
// platform. Exit code 0: nothing is left under another key.
import { bootstrap } from '../bootstrap.mjs'
import { say } from '../run-command.mjs'

export async function main() {
  await bootstrap({ projects: ['apps/worker'] })
  const { rotateKeys } = await import(new URL('../../apps/worker/dist/index.js', import.meta.url))
  try {
    const isComplete = await rotateKeys({
      env: process.env,
      report: (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`),
    })
    return isComplete ? 0 : 1
  } catch (error) {
    // A ConfigError names settings, the store's errors carry a code; neither has a value in it.
    say(error instanceof Error ? error.message : 'The rotation failed.')
    return 1
  }
}
