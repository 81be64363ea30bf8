// Whoever waits in a burst has waited since it began.
import { createArrivalClock } from '@wxgw/ingress'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'

void t.test('what is handled in one turn of the event loop arrived together, however long the turn takes', async (t) => {
  let nowMs = 1_000
  const arrivedAtMs = createArrivalClock({ nowMs: () => nowMs })
  t.equal(arrivedAtMs(), 1_000)
  nowMs = 1_400
  t.equal(arrivedAtMs(), 1_000)
  await nextTurn()
  t.equal(arrivedAtMs(), 1_400)
})
