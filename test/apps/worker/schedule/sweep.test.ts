// The sweep over real stores and WeChat's side: shared by workers, at its pace, and still when WeChat says so.
import type { Log } from '@wxgw/runtime'
import type { AuthorizerAppId } from '@wxgw/wechat-core'
import { createAlarm, startSweep, startWatchdog } from '@wxgw/worker'
import t, { type Test } from 'tap'
import { until } from '../../../helpers/until.ts'
import { startAuthority } from '../../../packages/platform/token-fixture.ts'

const DUE = 'wx:{open1}:due'
const PAUSE = 'wx:{open1}:schedule_pause'
const REFRESH = 'api_authorizer_token'

function recordingLog() {
  const lines: Array<Record<string, unknown>> = []
  const write = (level: string) => (fields: Record<string, unknown>, msg: string) =>
    lines.push({ level, msg, ...fields })
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  return { lines, log, named: (msg: string) => lines.filter((line) => line['msg'] === msg) }
}

void t.test('the sweep', async (suite) => {
  const authority = await startAuthority({ env: { FORCE_MIN_INTERVAL_SECONDS: '1' } })
  suite.teardown(() => authority.stop())
  const { redis, platforms, simulator } = authority
  const appIds: AuthorizerAppId[] = []
  for (let count = 0; count < 60; count += 1) appIds.push(await authority.authorized())

  /** A failure is remembered for a second; whoever probes half a minute later does not meet it. */
  const forgetFailures = () => redis.del(...appIds.map((appId) => `wx:{open1}:refresh_error:${appId}`))

  /** Due now, with so much life left; nothing else is. */
  async function due(subjects: readonly AuthorizerAppId[], expiresInMs: number): Promise<void> {
    await redis.del(DUE, PAUSE)
    await forgetFailures()
    const now = Date.now()
    for (const appId of subjects) {
      await redis.hset(`wx:{open1}:authorizer:${appId}`, 'expiresAtMs', String(now + expiresInMs))
      await redis.zadd(DUE, now - 1000, appId)
    }
    simulator.clearCalls()
  }

  function sweepOf(t: Test, workers: number) {
    const recorded = recordingLog()
    const sweeps = platforms.slice(0, workers).map((platform) => {
      const byId = new Map([['open1', platform]])
      const alarm = createAlarm({ platforms: byId, nowMs: Date.now, log: recorded.log })
      return startSweep({ platforms: byId, intervalSeconds: 0.2, alarm, log: recorded.log })
    })
    t.teardown(async () => {
      await Promise.all(sweeps.map((sweep) => sweep.stop()))
      simulator.clearFaults()
      simulator.configure({ ipAllowed: undefined, dailyQuota: {} })
    })
    return recorded
  }

  await suite.test('two workers share what is due, once each, twenty a second per worker', async (t) => {
    await due(appIds, 900_000)
    const { named } = sweepOf(t, 2)
    await until('all are refreshed', () => named('token.refreshed').length === appIds.length)
    for (const appId of appIds) t.equal(simulator.countCalls(REFRESH, appId), 1)
    const begun = simulator.calls.filter(({ api }) => api === REFRESH).map(({ at }) => Date.parse(at))
    const busiest = Math.max(...begun.map((from) => begun.filter((at) => at >= from && at < from + 1000).length))
    t.ok(busiest <= 42, `${busiest} in the busiest second`)
  })

  await suite.test('a used-up daily quota stops refreshes that can wait, with one line and event', async (t) => {
    await due(appIds.slice(0, 20), 900_000)
    simulator.fault(REFRESH, { errcode: 45009, errmsg: 'reach max api daily quota limit' })
    const { named, lines } = sweepOf(t, 2)
    await until('it is said', () => named('schedule.paused').length === 1)
    const asked = simulator.countCalls(REFRESH)
    t.ok(asked <= 4, `${asked} calls`)
    t.match(named('schedule.paused')[0], { level: 'error', reason: 'quota-day', errcode: 45009 })
    const urgent = async (appId: AuthorizerAppId | undefined) => {
      await redis.hset(`wx:{open1}:authorizer:${appId}`, 'expiresAtMs', String(Date.now() + 300_000))
      await redis.zadd(DUE, Date.now() - 1, String(appId))
    }
    await urgent(appIds[30])
    await until('an urgent one is tried', () => simulator.countCalls(REFRESH, appIds[30]) === 1)
    simulator.clearFaults()
    await urgent(appIds[31])
    await until('one that gets through ends the pause', () => named('schedule.resumed').length === 1)
    t.equal(named('schedule.paused').length, 1)
    t.notOk(lines.some(({ msg }) => msg === 'token.refresh_failed'))
  })

  await suite.test('when our address is not allowed, WeChat is left alone after the first refusals', async (t) => {
    await due(appIds, 900_000)
    simulator.configure({ ipAllowed: ['192.0.2.1'] })
    const { named } = sweepOf(t, 2)
    await until('it is said', () => named('schedule.paused').length === 1)
    const asked = simulator.countCalls(REFRESH)
    t.ok(asked <= 4, `${asked} calls`)
    await forgetFailures()
    await redis.hset(PAUSE, 'untilMs', '0')
    await until('a minute later one asks', () => simulator.countCalls(REFRESH) > asked)
    simulator.configure({ ipAllowed: undefined })
    await forgetFailures()
    await redis.hset(PAUSE, 'untilMs', '0')
    await until('it is over', () => named('schedule.resumed').length === 1)
    t.equal(named('schedule.paused').length, 1)
  })

  await suite.test('when WeChat does not answer it is left alone, and comes back without a storm', async (t) => {
    await due(appIds, 900_000)
    simulator.fault(REFRESH, { status: 503, body: '<html>busy</html>' })
    const { named } = sweepOf(t, 2)
    await until('it is said', () => named('schedule.paused').length === 1)
    t.match(named('schedule.paused')[0], { level: 'warn', reason: 'unreachable' })
    t.ok(simulator.countCalls(REFRESH) <= 14)
    simulator.clearFaults()
    simulator.clearCalls()
    await redis.zadd(DUE, ...appIds.flatMap((appId) => [Date.now() - 1, appId]))
    await forgetFailures()
    await redis.hset(PAUSE, 'untilMs', '0')
    await until('it goes on', () => named('schedule.resumed').length === 1)
    await until('all are refreshed', () => appIds.every((appId) => simulator.countCalls(REFRESH, appId) > 0))
    // What was refreshed before the accounts were made due again is refreshed once more.
    t.ok(simulator.countCalls(REFRESH) < 1.5 * appIds.length)
  })

  await suite.test('a schedule without a ticket waits for it', async (t) => {
    await due(appIds.slice(0, 20), 900_000)
    const ticket = await redis.hgetall('wx:{open1}:ticket')
    await redis.del('wx:{open1}:ticket', 'wx:{open1}:component_access_token')
    const { named } = sweepOf(t, 1)
    await until('it is said', () => named('schedule.paused').length === 1)
    t.match(named('schedule.paused')[0], { reason: 'ticket-missing', code: 'COMPONENT_TICKET_MISSING' })
    t.equal(simulator.countCalls(REFRESH), 0)
    await redis.hset('wx:{open1}:ticket', ticket)
    await redis.del('wx:{open1}:refresh_error:component')
  })

  await suite.test('an old ticket is requested once in ten minutes over all workers, and logged', async (t) => {
    await redis.hset('wx:{open1}:ticket', 'receivedAtMs', String(Date.now() - 26 * 60_000))
    simulator.clearCalls()
    await platforms[0].subscriptions.put('alarms', { match: { types: ['gateway.ticket.*'] }, sink: { kind: 'stream' } })
    const { log, named } = recordingLog()
    const told: unknown[] = []
    const watchdogs = platforms.map((platform) =>
      startWatchdog({
        platforms: new Map([['open1', platform]]),
        nowMs: Date.now,
        alarm: async (id, type, data) => {
          told.push([id, type, data])
        },
        log,
        firstCheckMs: 1,
        everyMs: 20,
      }),
    )
    t.teardown(() => Promise.all(watchdogs.map((watchdog) => watchdog.stop())))
    await until('all have looked again and again', () => named('ticket.stale').length >= 10)
    t.equal(simulator.countCalls('api_start_push_ticket'), 1)
    t.match(told, [['open1', 'gateway.ticket.stale', { ticketAgeSeconds: /^156\d$/ }]])
    t.equal(told.length, 1)
  })
})
