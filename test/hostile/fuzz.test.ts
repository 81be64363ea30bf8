// A second of fuzzing with a fixed seed, that of requests aside (refusals.test.ts); `npm run test:chaos -- fuzz` does more, with any.
import t from 'tap'
import { fuzzCalls } from './fuzz/fuzz-calls.ts'
import { fuzzFunctions } from './fuzz/fuzz-functions.ts'
import { seededRandom } from './fuzz/mutate.ts'

const SEED = 20_260_101

void t.test('mutated documents and ciphertexts are read or refused, and nothing else', (t) => {
  const { accepted, refused, ...counts } = fuzzFunctions({ count: 20_000, random: seededRandom(SEED) })
  t.same(counts, { inputs: 20_000, crashes: 0, unsound: 0, slow: 0, offenders: [] })
  t.ok(accepted > 1000 && refused > 1000, 'both happen')
  t.end()
})

void t.test(
  'made-up paths and queries of calls reach no other host and no denied path, and show no token',
  async (t) => {
    const { answers, passed, ...counts } = await fuzzCalls(t, { count: 3000, random: seededRandom(SEED) })
    t.same(counts, { requests: 3000, otherHosts: 0, denied: 0, leaks: 0, hung: 0, offenders: [] })
    t.ok(passed > 300, `${passed} were passed on`)
    t.ok(
      ['200', '302', '400', '401', '403'].every((status) => Number(answers[status]) > 10),
      JSON.stringify(answers),
    )
  },
)

void t.test('the same seed makes the same inputs', (t) => {
  const draw = () => {
    const random = seededRandom(7)
    return Array.from({ length: 5 }, () => random(1000))
  }
  t.same(draw(), draw())
  t.end()
})
