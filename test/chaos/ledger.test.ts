// The books that a verdict is drawn from, and what several verdicts come to.
import t from 'tap'
import { openLedger } from './ledger.ts'
import { addTo, emptyTotals, totalsLine } from './totals.ts'

void t.test('a ledger is read on from where it was read before, and knows what was said twice', async (t) => {
  const ledger = await openLedger('test')
  t.teardown(() => ledger.close())
  t.same({ ...(await ledger.read()) }, { ids: new Set(), lines: 0 })
  for (const id of ['a', 'b', 'a']) ledger.add(id)
  const { ids, lines } = await ledger.read()
  t.same([[...ids], lines], [['a', 'b'], 3])
  ledger.add('c')
  const [first, second] = await Promise.all([ledger.read(), ledger.read()])
  t.same([[...first.ids], first.lines, second.lines], [['a', 'b', 'c'], 4, 4])
})

void t.test('lines that end beyond what is read at once are put together', async (t) => {
  const ledger = await openLedger('long')
  t.teardown(() => ledger.close())
  const all = Array.from({ length: 60_000 }, (_, index) => `p-${index}-${'x'.repeat(30)}`)
  for (const id of all) ledger.add(id)
  const { ids, lines } = await ledger.read()
  t.same([lines, ids.size, all.every((id) => ids.has(id))], [60_000, 60_000, true])
})

void t.test('totals add up what each scenario counted, and keep the slowest answer', (t) => {
  const totals = emptyTotals()
  addTo(totals, { acknowledged: 10, missing: 1, kills: 2, slowestMs: 900 })
  addTo(totals, { acknowledged: 5, restarts: 3, powerCuts: 4, slowestMs: 400, lostWithRedis: 7 })
  t.equal(
    totalsLine(totals),
    'in all 15 acknowledged, 1 missing; 2 kills, 4 power cuts, 3 restarts; slowest answer 900 ms',
  )
  t.end()
})
