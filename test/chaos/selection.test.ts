// A short selection of the faults; all of them: npm run test:chaos. And what its programs answer to a wrong command line.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { selection } from '../helpers/selection.ts'
import { seededRandom } from './random.ts'
import type { Scenario } from './scenario.ts'
import { startWithoutRedis } from './scenarios/network-faults.ts'
import { redisFrozen } from './scenarios/redis-faults.ts'
import { spoolKilled } from './scenarios/spool.ts'

/** A program, one argument, and what it prints as its only line. */
const COMMAND_LINES: ReadonlyArray<[string, string, string]> = [
  ['run', '--nonsense', "Unknown option '--nonsense'. Options: --only VALUE, --seed NUMBER, "],
  ['run', '--only=spool,nowhere', 'There is no scenario nowhere.'],
  ['run', '--seconds=soon', "'--seconds' is a whole number from 0 to 4294967295, not 'soon'. Options: "],
  ['run', '--times=0', "'--times' is a whole number from 1 to "],
  ['run', 'spool', "Unexpected argument 'spool'. Options: "],
  ['rebuild', '--nonsense', "Unknown option '--nonsense'. Arguments: [authorizers]. It has no options."],
  ['token-crash-run', 'many', "'crashes' is a whole number from 1 to 4294967295, not 'many'. Arguments: "],
  ['sessions-run', '--nonsense', 'Arguments: [sessions] [views] [seed].'],
  ['worker-kill', '1.5', "'seconds' is a whole number from 1 to 4294967295, not '1.5'. Arguments: [seconds]."],
  ['dead-letters', '-1', "Unknown option '-1'. Arguments: [letters]."],
  ['alerts/run', '--only=Nothing', 'There is no fault for Nothing; there are '],
  ['alerts/run', '--nonsense', 'Options: --minutes NUMBER, --only VALUE, --factor NUMBER.'],
  ['../hostile/fuzz/main', '--count=', "'--count' is a whole number from 1 to 4294967295, not ''. Options: "],
]

for (const [program, argument, line] of selection(COMMAND_LINES, { step: COMMAND_LINES.length })) {
  void t.test(`${program} ${argument}: one line says what is wrong`, async (t) => {
    const path = fileURLToPath(new URL(`${program}.js`, import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [path, argument], { encoding: 'utf8' })
    t.equal(status, 1)
    t.match(stdout + stderr, line)
    t.match(stdout + stderr, /^.*\n$/, 'nothing else')
  })
}

const SEED = 1
const SELECTION: ReadonlyArray<[Scenario, number]> = [
  [redisFrozen, 1],
  [startWithoutRedis, 0],
  [spoolKilled, 0],
]

for (const [{ name, about, run }, seconds] of selection(SELECTION, { step: 2 })) {
  void t.test(`${name}: ${about}`, async (t) => {
    const { facts, broken } = await run({ seconds, random: seededRandom(SEED) })
    t.same(broken, [], JSON.stringify(facts))
  })
}
