// Owns: refreshing the tokens that are due. Every worker does it, without a leader: each takes due subjects from Redis,
// and a pause of the schedule in Redis holds for all workers.
import { setMaxListeners } from 'node:events'
import type { PauseReason, Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import {
  type AuthorizerAppId,
  COMPONENT_SUBJECT,
  describeFailure,
  GatewayError,
  parseAuthorizerAppId,
  pause,
} from '@wxgw/wechat-core'
import type { Alarm } from './alarm.ts'
import { isUnreachable, pauseReasonOf, refusedAddressOf } from './pause-reason.ts'

type SweepPlatform = {
  id: string
  schedule: Pick<Platform['schedule'], 'takeDue' | 'forget' | 'pause' | 'resume'>
  componentTokens: Pick<Platform['componentTokens'], 'refreshNow'>
  authorizerTokens: Pick<Platform['authorizerTokens'], 'refreshNow'>
  authorizers: Pick<Platform['authorizers'], 'get'>
  jobs: Pick<Platform['jobs'], 'profileWanted'>
}

type SweepDeps = {
  platforms: ReadonlyMap<string, SweepPlatform>
  intervalSeconds: number
  alarm: Alarm
  log: Log
}

/** Refreshes of one platform that this process begins per second, evenly spread: WeChat does not publish its quotas. */
const PER_SECOND = 20
/** Refreshes of one platform that may run at once, when WeChat is slow. */
const MAX_RUNNING = 60
/** A subject that failed, or whose worker died, is due again after `intervalSeconds`, within these bounds. */
const MIN_RETRY_MS = 5_000
const MAX_RETRY_MS = 60_000
/** After so many refreshes without an answer in a row the schedule is paused until one succeeds. */
const UNREACHABLE_AFTER = 5

type Sweep = { stop(): Promise<void> }

/** Sweeps at once, then every interval with up to 10 % added, so that workers started together drift apart. */
export function startSweep({ platforms, intervalSeconds, alarm, log }: SweepDeps): Sweep {
  const stopping = new AbortController()
  // Each platform adds a listener.
  setMaxListeners(platforms.size + 1, stopping.signal)
  const retryMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, intervalSeconds * 1000))
  const sweeping = Promise.all([...platforms.values()].map((platform) => sweepPlatform(platform)))

  async function sweepPlatform(platform: SweepPlatform): Promise<void> {
    const running = new Set<Promise<void>>()
    const streak = { unanswered: 0 }
    while (!stopping.signal.aborted) {
      const room = Math.min(PER_SECOND, MAX_RUNNING - running.size)
      const due = room > 0 ? await takeDue(platform, room) : undefined
      let isPaused = false
      for (const subject of due?.subjects ?? []) {
        // The remaining subjects are due again later: taking them has put them off.
        if (isPaused || stopping.signal.aborted) break
        const started: Promise<void> = refresh(subject, due?.pausedBy).then((goesOn) => {
          isPaused ||= !goesOn
          running.delete(started)
        })
        running.add(started)
        await pause(1000 / PER_SECOND, stopping.signal)
      }
      const isDrained = due !== undefined && due.subjects.length < room
      await pause(isDrained ? intervalSeconds * 1000 * (1 + Math.random() * 0.1) : 1000 / PER_SECOND, stopping.signal)
    }
    await Promise.all(running)

    /** False when the schedule is paused from now on. Never rejects. */
    async function refresh(subject: string, pausedBy: PauseReason | undefined): Promise<boolean> {
      const startedAtMs = performance.now()
      const logged = { platform: platform.id, subject }
      try {
        await refreshSubject(platform, subject)
        streak.unanswered = 0
        log.info({ ...logged, durationMs: Math.round(performance.now() - startedAtMs) }, 'token.refreshed')
        if (pausedBy) await resume(platform, pausedBy)
        return true
      } catch (error) {
        streak.unanswered = isUnreachable(error) ? streak.unanswered + 1 : 0
        if (isOver(error)) await forget(platform, subject)
        const reason = pauseReasonOf(error) ?? (streak.unanswered >= UNREACHABLE_AFTER ? 'unreachable' : undefined)
        // A pause is logged once for all that fail for the same reason.
        if (reason === undefined) log.warn({ ...logged, err: error }, 'token.refresh_failed')
        else await wait(platform, reason, error)
        return reason === undefined
      }
    }
  }

  async function takeDue(platform: SweepPlatform, limit: number) {
    try {
      return await platform.schedule.takeDue(limit, retryMs)
    } catch (error) {
      log.warn({ err: error, platform: platform.id }, 'sweep.skipped')
      return { subjects: [], pausedBy: undefined }
    }
  }

  async function refreshSubject(platform: SweepPlatform, subject: string): Promise<void> {
    if (subject === COMPONENT_SUBJECT) {
      await platform.componentTokens.refreshNow()
      return
    }
    const appId = parseAuthorizerAppId(subject)
    if (!appId) return platform.schedule.forget(subject)
    await platform.authorizerTokens.refreshNow(appId)
    await completeProfile(platform, appId)
  }

  /** Accounts found in WeChat's list have no profile: it is fetched after a refresh. */
  async function completeProfile(platform: SweepPlatform, appId: AuthorizerAppId): Promise<void> {
    try {
      const authorizer = await platform.authorizers.get(appId)
      if (authorizer && !authorizer.profile) await platform.jobs.profileWanted(appId)
    } catch (error) {
      // The refresh itself has succeeded; the next one tries again.
      log.warn({ err: error, platform: platform.id, subject: appId }, 'sweep.skipped')
    }
  }

  async function wait(platform: SweepPlatform, reason: PauseReason, error: unknown): Promise<void> {
    try {
      if (!(await platform.schedule.pause(reason, refusedAddressOf(error)))) return
      const { code, errcode } = describeFailure(error)
      const fields = { platform: platform.id, reason, code, ...(errcode === undefined ? {} : { errcode }) }
      if (reason === 'quota-day' || reason === 'ip-not-allowed' || reason === 'component-refused')
        log.error(fields, 'schedule.paused')
      else log.warn(fields, 'schedule.paused')
      await alarm(platform.id, 'gateway.schedule.paused', {
        reason,
        ...(errcode === undefined ? {} : { errcode: String(errcode) }),
      })
    } catch (failure) {
      log.warn({ err: failure, platform: platform.id }, 'sweep.skipped')
    }
  }

  async function resume(platform: SweepPlatform, reason: PauseReason): Promise<void> {
    try {
      if (!(await platform.schedule.resume(reason))) return
      log.info({ platform: platform.id, reason }, 'schedule.resumed')
      await alarm(platform.id, 'gateway.schedule.resumed', { reason })
    } catch (failure) {
      // The next refresh that succeeds tries again.
      log.warn({ err: failure, platform: platform.id }, 'sweep.skipped')
    }
  }

  async function forget(platform: SweepPlatform, subject: string): Promise<void> {
    try {
      await platform.schedule.forget(subject)
    } catch (error) {
      // It will be due again, and is forgotten then.
      log.warn({ err: error, platform: platform.id, subject }, 'sweep.skipped')
    }
  }

  return {
    async stop() {
      stopping.abort()
      await sweeping
    },
  }
}

/** There is nothing to refresh until the account authorizes again, which schedules the subject again. */
function isOver(error: unknown): boolean {
  return (
    error instanceof GatewayError &&
    (error.code === 'AUTHORIZER_NOT_FOUND' ||
      error.code === 'AUTHORIZER_REVOKED' ||
      error.code === 'REAUTHORIZATION_REQUIRED')
  )
}
