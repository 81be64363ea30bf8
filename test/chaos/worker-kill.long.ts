// A short selection of the worker kills; `npm run test:chaos -- worker-kill` does it for a minute.
import t from 'tap'
import { runWorkerKill } from './worker-kill.ts'

void t.test('workers killed while they deliver: everything arrives at every sink, under one id', async (t) => {
  const ledger = await runWorkerKill({ seconds: 5, eventsPerSecond: 100, killEveryMs: 2_000 })
  t.ok(ledger.kills >= 1)
  t.ok(ledger.sent > 400, `${ledger.sent} sent`)
  for (const [name, { missing, renamed }] of Object.entries(ledger.sinks)) {
    t.equal(missing, 0, `missing at the ${name}`)
    t.equal(renamed, 0, `under two ids at the ${name}`)
  }
  t.comment(JSON.stringify(ledger))
})
