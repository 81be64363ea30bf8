// A small rebuild; thousands are `npm run test:chaos -- rebuild`.
import t from 'tap'
import { rebuildFromNothing } from './rebuild.ts'

void t.test('an emptied Redis is noticed, and filled again from WeChat alone, without a person', async (t) => {
  const report = await rebuildFromNothing(100)
  t.comment(JSON.stringify(report))
  t.equal(report.stale, 0)
  t.equal(report.needPerson, 0)
  t.ok(report.noticedMs < 8_000)
  t.ok(report.peakPerSecond <= 22, 'at the pace of the schedule')
  t.equal(report.refreshes, 100, 'one call each')
})
