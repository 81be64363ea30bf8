// Owns: a process frozen (SIGSTOP) in the middle of its refreshes for longer than its leases, while another one refreshes the same
// accounts; then it goes on. What is stored in the end, once the schedule has done what it was left to do, is what WeChat holds.
import { setTimeout as delay } from 'node:timers/promises'
import { startAuthority } from '../packages/platform/token-fixture.ts'
import { refreshAll, ROTATIONS, startRefresher, storedToken } from './token-crash.ts'

export type FreezeReport = {
  /** Calls that were open when their process stood still. */
  frozen: number
  /** Refreshes that the schedule was left to do within a minute. */
  leftToSchedule: number
  stale: number
  needPerson: number
}

export async function runTokenFreezes({
  atOnce,
  frozenMs,
}: {
  atOnce: number
  frozenMs: number
}): Promise<FreezeReport> {
  const authority = await startAuthority()
  const { simulator, redis } = authority
  const report: FreezeReport = { frozen: 0, leftToSchedule: 0, stale: 0, needPerson: 0 }
  try {
    for (const refreshTokenRotation of ROTATIONS) {
      simulator.configure({ refreshTokenRotation })
      const appIds = await Promise.all(Array.from({ length: atOnce }, () => authority.authorized()))
      let answers = 0
      const frozen = startRefresher(authority, appIds)
      // Half of the calls have been served when it stops, half of them reach WeChat while it stands still.
      const fault = simulator.fault('api_authorizer_token', {
        times: atOnce,
        delayAnswerMs: 50,
        mutate: (answer) => {
          answers += 1
          if (answers === Math.ceil(atOnce / 2)) frozen.child.kill('SIGSTOP')
          return answer
        },
      })
      await delay(frozenMs)
      fault.remove()
      for (const appId of appIds)
        if (await redis.hexists(`wx:{open1}:authorizer:${appId}`, 'openFence')) report.frozen += 1
      await refreshAll(authority, appIds)
      frozen.child.kill('SIGCONT')
      // Its own deadlines have passed: what it could not settle itself is due.
      await frozen.failures
      const dueSoon: string[] = []
      for (const appId of appIds)
        if (Number(await redis.zscore('wx:{open1}:due', appId)) <= Date.now() + 60_000) dueSoon.push(appId)
      report.leftToSchedule += dueSoon.length
      if (dueSoon.length > 0) await refreshAll(authority, dueSoon)
      for (const appId of appIds) {
        if ((await storedToken(redis, appId)) !== simulator.currentAccessToken(appId)) report.stale += 1
        if ((await redis.hget(`wx:{open1}:authorizer:${appId}`, 'status')) !== 'active') report.needPerson += 1
      }
    }
    return report
  } finally {
    await authority.stop()
  }
}
