// Owns: kill -9 swept over the moment at which WeChat answers a refresh: what is served there and not stored here must cost
// nobody a new authorization. `npm run test:chaos -- token-crash`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Redis } from 'ioredis'
import { until } from '../helpers/until.ts'
import { startAuthority, type TokenAuthority } from '../packages/platform/token-fixture.ts'

export const ROTATIONS = ['stable', 'rotating-with-grace', 'strict'] as const

export type CrashReport = {
  /** Refreshes that were under way when their process was killed. */
  crashed: number
  /** Of those: served by WeChat, and not stored here. */
  lostAnswers: number
  kills: number
  /** Refreshes that failed afterwards, and accounts that need a person. */
  failedAfterwards: number
  needPerson: number
  /** Accounts whose stored token is not WeChat's current one in the end. */
  stale: number
}

const REFRESHER = fileURLToPath(new URL('token-refresher.js', import.meta.url))
/** All leases of the last round have run out by then. */
const LEASE_MS = 10_500

export type CrashOptions = {
  /** At least so many crashed refreshes in all. */
  crashes: number
  /** Refreshes under way in one process. */
  atOnce: number
  /** false: the leases of the dead are taken away instead of waiting for their end. */
  waitForLeases: boolean
  onKill?: (report: CrashReport) => void
}

export async function runTokenCrashes({ crashes, atOnce, waitForLeases, onKill }: CrashOptions): Promise<CrashReport> {
  const authority = await startAuthority()
  const { simulator, redis } = authority
  const report: CrashReport = { crashed: 0, lostAnswers: 0, kills: 0, failedAfterwards: 0, needPerson: 0, stale: 0 }
  const byRotation = new Map<(typeof ROTATIONS)[number], string[]>(ROTATIONS.map((rotation) => [rotation, []]))
  try {
    while (report.crashed < crashes || report.kills < ROTATIONS.length) {
      const rotation = ROTATIONS[report.kills % ROTATIONS.length] ?? 'strict'
      simulator.configure({ refreshTokenRotation: rotation })
      const appIds = await Promise.all(Array.from({ length: atOnce }, () => authority.authorized()))
      await killWhileRefreshing(authority, appIds, report.kills)
      report.kills += 1
      byRotation.get(rotation)?.push(...appIds)
      report.crashed += await stillLeased(redis, appIds)
      for (const appId of appIds)
        if ((await storedToken(redis, appId)) !== simulator.currentAccessToken(appId)) report.lostAnswers += 1
      if (!waitForLeases) await redis.del(...appIds.map((appId) => `wx:{open1}:refresh_lease:${appId}`))
      onKill?.(report)
    }
    if (waitForLeases)
      await until('the leases of the dead are over', async () => (await leases(redis)) === 0, {
        timeoutMs: LEASE_MS * 2,
        everyMs: 100,
      })
    for (const [rotation, appIds] of byRotation) {
      simulator.configure({ refreshTokenRotation: rotation })
      for (let from = 0; from < appIds.length; from += 100)
        report.failedAfterwards += await refreshAll(authority, appIds.slice(from, from + 100))
    }
    for (const appId of [...byRotation.values()].flat()) {
      if ((await redis.hget(`wx:{open1}:authorizer:${appId}`, 'status')) !== 'active') report.needPerson += 1
      if ((await storedToken(redis, appId)) !== simulator.currentAccessToken(appId)) report.stale += 1
    }
    return report
  } finally {
    await authority.stop()
  }
}

/**
 * The k-th answer of WeChat is the clock: k goes round over the batch, and from there the kill comes 0 to 11 ms later, so that it
 * meets answers not yet sent, on the wire, read, half stored and stored.
 */
async function killWhileRefreshing({ simulator, env }: TokenAuthority, appIds: string[], round: number): Promise<void> {
  const killAt = 1 + ((round * 7) % appIds.length)
  const laterMs = (round * 5) % 12
  let answers = 0
  const child = spawn(process.execPath, [REFRESHER, ...appIds], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: 'ignore',
  })
  const fault = simulator.fault('api_authorizer_token', {
    delayAnswerMs: round % 5,
    mutate: (answer) => {
      answers += 1
      if (answers === killAt) setTimeout(() => child.kill('SIGKILL'), laterMs)
      return answer
    },
  })
  try {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  } finally {
    fault.remove()
  }
  if (answers < killAt) throw new Error(`the refresher ended by itself after ${answers} answers`)
}

/** `failures`: how many of its refreshes failed, once it has ended by itself. */
export function startRefresher(
  { env }: TokenAuthority,
  appIds: string[],
): { child: ChildProcess; failures: Promise<number> } {
  const child = spawn(process.execPath, [REFRESHER, ...appIds], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const failures = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`the refresher ended with ${code}`)
    const failed: unknown = JSON.parse(Buffer.concat(chunks).toString())
    return Array.isArray(failed) ? failed.length : appIds.length
  })
  return { child, failures }
}

export function refreshAll(authority: TokenAuthority, appIds: string[]): Promise<number> {
  return startRefresher(authority, appIds).failures
}

async function stillLeased(redis: Redis, appIds: string[]): Promise<number> {
  return redis.exists(...appIds.map((appId) => `wx:{open1}:refresh_lease:${appId}`))
}

async function leases(redis: Redis): Promise<number> {
  return (await redis.keys('wx:{open1}:refresh_lease:*')).length
}

export function storedToken(redis: Redis, appId: string): Promise<string | null> {
  return redis.get(`wx:{open1}:access_token:${appId}`)
}
