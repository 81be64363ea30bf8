// Owns: `npm run wxgw -- unparsed [EVENT_ID]`: lists pushes of the last day that could not be parsed, one line of JSON
// each; with an event's id, prints that push decrypted. Exit code 1: none found.
import { bootstrap } from '../bootstrap.mjs'
import { say } from '../run-command.mjs'

export async function main([eventId]) {
  await bootstrap({ projects: ['apps/worker'] })
  const { showUnparsed } = await import(new URL('../../apps/worker/dist/index.js', import.meta.url))
  try {
    const found = await showUnparsed({
      env: process.env,
      eventId,
      print: (line) => process.stdout.write(`${line}\n`),
      warn: say,
    })
    if (!found) say(eventId === undefined ? 'Nothing unparsed in the last day.' : 'No such push is kept.')
    return found ? 0 : 1
  } catch (error) {
    // A ConfigError names settings, a store's error has a code: neither contains a value.
    say(error instanceof Error ? error.message : 'The pushes could not be read.')
    return 1
  }
}
