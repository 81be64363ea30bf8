// The schedule of refreshes in Redis: who takes what, who goes first, and when everybody waits.
import t from 'tap'
import { appIdOf, startAuthority } from './token-fixture.ts'

const DUE = 'wx:{open1}:due'
const PAUSE = 'wx:{open1}:schedule_pause'

void t.test('the refresh schedule', async (suite) => {
  const authority = await startAuthority()
  suite.teardown(() => authority.stop())
  const { redis, platforms } = authority
  const [one, other] = platforms.map(({ schedule }) => schedule)
  if (!one || !other) throw new Error('two processes')

  async function due(
    count: number,
    { firstExpiresInMs, stepMs = 0 }: { firstExpiresInMs: number; stepMs?: number },
  ): Promise<string[]> {
    await redis.del(DUE, PAUSE)
    const now = Date.now()
    const appIds = Array.from({ length: count }, (_, index) => appIdOf(1000 + index))
    for (const [index, appId] of appIds.entries()) {
      await redis.hset(`wx:{open1}:authorizer:${appId}`, 'expiresAtMs', String(now + firstExpiresInMs + index * stepMs))
      await redis.zadd(DUE, now - 1000 + index, appId)
    }
    return appIds
  }

  await suite.test('a subject is taken by one worker, and again after 1 to 1.5 retry times', async (t) => {
    const appIds = await due(100, { firstExpiresInMs: 60_000 })
    const taken = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other).takeDue(20, 60_000)),
    )
    const subjects = taken.flatMap((batch) => batch.subjects)
    t.strictSame(subjects.toSorted(), appIds)
    const waits = (await Promise.all(appIds.map((appId) => redis.zscore(DUE, appId)))).map(
      (score) => Number(score) - Date.now(),
    )
    t.ok(waits.every((ms) => ms > 55_000 && ms <= 90_000))
    t.ok(new Set(waits.map((ms) => Math.round(ms / 1000))).size > 10, 'spread out')
  })

  await suite.test('the first to expire is taken first, the component before all', async (t) => {
    const appIds = await due(50, { firstExpiresInMs: 600_000, stepMs: -10_000 })
    await redis.zadd(DUE, Date.now() - 1, 'component')
    const { subjects } = await one.takeDue(3, 60_000)
    t.strictSame(subjects, ['component', ...appIds.slice(-2).toReversed()])
  })

  await suite.test('with the quota used up only what expires within ten minutes is taken', async (t) => {
    const urgent = await due(3, { firstExpiresInMs: 300_000 })
    const now = Date.now()
    const later = appIdOf(5000)
    await redis.hset(`wx:{open1}:authorizer:${later}`, 'expiresAtMs', String(now + 3_600_000))
    await redis.zadd(DUE, now - 2000, later)
    t.equal(await one.pause('quota-day'), true)
    t.equal(await other.pause('quota-day'), false, 'said once, over all workers')
    t.equal(await other.pause('quota-minute'), false)
    const { subjects, pausedBy } = await other.takeDue(20, 60_000)
    t.equal(pausedBy, 'quota-day')
    t.strictSame(subjects.toSorted(), urgent)
    const waitMs = Number(await redis.zscore(DUE, later)) - now
    t.ok(waitMs >= 2_990_000 && waitMs <= 3_070_000, 'until ten minutes before its end')
    const life = await redis.pttl(PAUSE)
    t.ok(life > 0 && life <= 86_400_000 + 600_000, 'until midnight in Beijing at the latest')
    t.equal(await one.resume('quota-minute'), false, 'another reason')
    t.equal(await one.resume('quota-day'), true)
    t.equal(await other.resume('quota-day'), false)
  })

  await suite.test("the minute's quota comes back with the next minute", async (t) => {
    await due(3, { firstExpiresInMs: 1000 })
    t.equal(await one.pause('quota-minute'), true)
    t.strictSame((await other.takeDue(20, 60_000)).subjects, [])
    const life = await redis.pttl(PAUSE)
    t.ok(life > 0 && life <= 65_000)
    await redis.del(PAUSE)
    t.equal((await other.takeDue(20, 60_000)).subjects.length, 3)
  })

  await suite.test('when our address is not allowed, one refresh a minute finds out whether it is again', async (t) => {
    await due(50, { firstExpiresInMs: 1000 })
    await one.pause('ip-not-allowed')
    t.strictSame((await other.takeDue(20, 60_000)).subjects, [])
    await redis.hset(PAUSE, 'untilMs', '0')
    const probes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other).takeDue(20, 60_000)),
    )
    t.equal(probes.flatMap(({ subjects }) => subjects).length, 1)
    t.ok(Number(await redis.hget(PAUSE, 'untilMs')) - Date.now() > 55_000)
    await one.resume('ip-not-allowed')
    t.equal((await one.takeDue(20, 60_000)).subjects.length, 20)
  })

  await suite.test('the audit is due once a day, for one worker, first at some time within a day', async (t) => {
    const ask = async () =>
      (await Promise.all([one, other, one, other].map((schedule) => schedule.auditDue()))).filter(Boolean).length
    t.equal(await ask(), 0)
    const first = Number(await redis.get('wx:{open1}:next_audit')) - Date.now()
    t.ok(first > 3_500_000 && first <= 86_400_000)
    await redis.set('wx:{open1}:next_audit', String(Date.now() - 1))
    t.equal(await ask(), 1)
    t.equal(await ask(), 0)
  })

  await suite.test('its figures tell what is due and why it waits', async (t) => {
    await due(7, { firstExpiresInMs: 1000 })
    // The figure has the resolution of a second.
    await redis.zadd(
      DUE,
      0,
      ...(await redis.zrange(DUE, 0, '-1')).flatMap((appId, index) => (index === 0 ? [appId] : ['1', appId])),
    )
    await one.pause('unreachable')
    t.match(await one.figures(), { due: 7, pausedBy: 'unreachable' })
  })
})
