// A short selection of the faults; all of them: npm run test:chaos.
import t from 'tap'
import { selection } from '../helpers/selection.ts'
import { seededRandom } from './random.ts'
import type { Scenario } from './scenario.ts'
import { startWithoutRedis } from './scenarios/network-faults.ts'
import { redisFrozen } from './scenarios/redis-faults.ts'
import { spoolKilled } from './scenarios/spool.ts'

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
