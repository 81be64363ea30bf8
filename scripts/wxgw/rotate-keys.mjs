// Owns: `npm run wxgw -- rotate-keys`: seals all stored secrets again with the first of SEALING_KEYS, and prints one line
// of JSON per platform. Exit code 0: no other key is in use any more.
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
    // A ConfigError names settings, a store's error has a code: neither contains a value.
    say(error instanceof Error ? error.message : 'The rotation failed.')
    return 1
  }
}
