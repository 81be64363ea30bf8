// Owns: `npm run test:chaos [-- --only name --seed n --seconds s --times n --rate n --messages n]`: every scenario, or those
// named so or, where none is, whose name contains `name`, and what they come to together.
import { readOptions } from '../helpers/read-options.ts'
import { seededRandom } from './random.ts'
import { SCENARIOS } from './scenarios/all.ts'
import { addTo, emptyTotals, totalsLine } from './totals.ts'

const { values } = readOptions({
  options: {
    only: { type: 'string' },
    seed: { type: 'number', from: 0, default: Date.now() % 1_000_000 },
    seconds: { type: 'number', from: 0, default: 10 },
    /** Kills, power cuts or restarts of each scenario that has any, at least, however many seconds they take. */
    times: { type: 'number' },
    /** Pushes per second. */
    rate: { type: 'number' },
    /** Of the backlog. */
    messages: { type: 'number' },
    list: { type: 'boolean' },
  },
})
const { seed, seconds, times, rate: ratePerSecond, messages } = values
const parts = values.only?.split(',') ?? ['']
const chosen = SCENARIOS.filter(({ name }) => parts.some((part) => isMeant(name, part)))
const unknown = parts.filter((part) => !SCENARIOS.some(({ name }) => isMeant(name, part)))

if (values.list) for (const { name, about } of SCENARIOS) say(`${name}: ${about}`)
else process.exitCode = (await runAll()) ? 0 : 1

function isMeant(name: string, part: string): boolean {
  return SCENARIOS.some((scenario) => scenario.name === part) ? name === part : name.includes(part)
}

async function runAll(): Promise<boolean> {
  if (unknown.length > 0) {
    say(`There is no scenario ${unknown.join(', ')}. --list names them.`)
    return false
  }
  const wanted = [
    `seed ${seed}`,
    `${seconds} s of each fault`,
    ...(times === undefined ? [] : [`at least ${times} times`]),
    ...(ratePerSecond === undefined ? [] : [`${ratePerSecond} pushes/s`]),
    `${chosen.length} scenarios`,
  ]
  say(wanted.join(', '))
  const totals = emptyTotals()
  let failed = 0
  for (const { name, about, run } of chosen) {
    say(`\n${name}: ${about}`)
    const startedAt = performance.now()
    try {
      const { facts, broken } = await run({ seconds, random: seededRandom(seed), times, ratePerSecond, messages })
      addTo(totals, facts)
      say(
        `  ${Object.entries(facts)
          .map(([fact, value]) => `${fact}=${value}`)
          .join(', ')}`,
      )
      for (const sentence of broken) say(`  NOT: ${sentence}`)
      if (broken.length > 0) failed += 1
      say(`  ${broken.length === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - startedAt) / 1000)} s`)
    } catch (error) {
      failed += 1
      say(`  FAILED: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  const passed = chosen.length - failed
  say(`\n${totalsLine(totals)}`)
  say(JSON.stringify({ seed, seconds, passed, failed, ...totals }))
  say(`${passed} passed, ${failed} failed, seed ${seed}`)
  return failed === 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
