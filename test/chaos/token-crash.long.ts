// A short selection of test/chaos/token-crash.ts; all of it is `npm run test:chaos -- token-crash`.
import t from 'tap'
import { runTokenCrashes } from './token-crash.ts'

void t.test(
  'a process killed between the answer of WeChat and its storing costs nobody a new authorization',
  async (t) => {
    const report = await runTokenCrashes({ crashes: 24, atOnce: 12, waitForLeases: false })
    t.comment(JSON.stringify(report))
    t.ok(report.kills >= 3, 'once per model of rotation')
    t.ok(report.lostAnswers > 0, 'answers were lost')
    t.equal(report.failedAfterwards, 0)
    t.equal(report.needPerson, 0)
    t.equal(report.stale, 0)
  },
)
