// Owns: `npm run test:chaos [-- --only name --seed n --seconds s]`: every scenario, or those whose name contains `name`.
import { parseArgs } from 'node:util'
import { seededRandom } from './random.ts'
import { SCENARIOS } from './scenarios/all.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, seed: { type: 'string' }, seconds: { type: 'string' }, list: { type: 'boolean' } },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const seconds = Number(values.seconds ?? 10)
const chosen = SCENARIOS.filter(({ name }) => values.only === undefined || values.only.split(',').some((part) => name.includes(part)))

if (values.list) for (const { name, about } of SCENARIOS) say(`${name}: ${about}`)
else process.exitCode = (await runAll()) ? 0 : 1

async function runAll(): Promise<boolean> {
  if (chosen.length === 0) {
    say('There is no such scenario. --list names them.')
    return false
  }
  say(`seed ${seed}, ${seconds} s of each fault, ${chosen.length} scenarios`)
  let failed = 0
  for (const { name, about, run } of chosen) {
    say(`\n${name}: ${about}`)
    const startedAt = performance.now()
    try {
      const { facts, broken } = await run({ seconds, random: seededRandom(seed) })
      say(`  ${Object.entries(facts).map(([fact, value]) => `${fact}=${value}`).join(', ')}`)
      for (const sentence of broken) say(`  NOT: ${sentence}`)
      if (broken.length > 0) failed += 1
      say(`  ${broken.length === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - startedAt) / 1000)} s`)
    } catch (error) {
      failed += 1
      say(`  FAILED: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
  say(`\n${chosen.length - failed} passed, ${failed} failed, seed ${seed}`)
  return failed === 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
