// Owns: that several platforms live in one gateway: the stories of this folder run on one stack, one after the other.
import t from 'tap'
import { declaredSubscriptions } from './platforms/declared-subscriptions.ts'
import { officialPushes } from './platforms/official-pushes.ts'
import { oneWechat } from './platforms/one-wechat.ts'
import { releaseCheck } from './platforms/release-check.ts'
import { startStage } from './platforms/stage.ts'
import { withoutEventLog } from './platforms/without-event-log.ts'

void t.test('several platforms in one gateway', async (t) => {
  const stage = await startStage(t)
  await t.test('declared subscriptions', (t) => declaredSubscriptions(t, stage))
  await t.test('the same account at two platforms of one WeChat', (t) => oneWechat(t, stage))
  await t.test('a platform without an event log', (t) => withoutEventLog(t, stage))
  await t.test('the release check', (t) => releaseCheck(t, stage))
  await t.test('official and real pushes', (t) => officialPushes(t, stage))
})
