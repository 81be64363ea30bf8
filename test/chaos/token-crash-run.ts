// Owns: `npm run test:chaos -- token-crash [crashes] [frozenSeconds]`: the kills, then the freezes, and the verdict as exit code.
import { readOptions } from '../helpers/read-options.ts'
import { runTokenCrashes } from './token-crash.ts'
import { runTokenFreezes } from './token-freeze.ts'

const { crashes, frozenSeconds } = readOptions({
  numbers: { crashes: { default: 1000 }, frozenSeconds: { default: 15 } },
}).values
const startedAt = performance.now()
const say = (line: string) => process.stdout.write(`${line}\n`)

const killed = await runTokenCrashes({
  crashes,
  atOnce: 50,
  waitForLeases: true,
  onKill: ({ kills, crashed, lostAnswers }) =>
    say(`kill ${kills}: ${crashed} crashed refreshes, ${lostAnswers} answers lost`),
})
const frozen = await runTokenFreezes({ atOnce: 30, frozenMs: frozenSeconds * 1000 })
say(JSON.stringify({ killed, frozen, seconds: Math.round((performance.now() - startedAt) / 1000) }))
process.exitCode =
  killed.needPerson + killed.stale + killed.failedAfterwards + frozen.stale + frozen.needPerson === 0 ? 0 : 1
