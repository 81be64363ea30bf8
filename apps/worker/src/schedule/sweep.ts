// Owns: refreshing what is due, on every worker, without a leader: Redis shares the work out.
import { setTimeout as delay } from 'node:timers/promises'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { COMPONENT_SUBJECT, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'

export type SweepPlatform = {
  id: string
  schedule: Platform['schedule']
  componentTokens: Pick<Platform['componentTokens'], 'refreshNow'>
  authorizerTokens: Pick<Platform['authorizerTokens'], 'refreshNow'>
}

export type SweepDeps = { platforms: ReadonlyMap<string, SweepPlatform>; intervalSeconds: number; log: Log }

/** At most this many refreshes begin in a second, in this process: WeChat's quotas are not published. */
const PER_SECOND = 20
/** What failed, or whose worker died, is due again after this. */
const MIN_RETRY_MS = 5_000
const MAX_RETRY_MS = 60_000

export type Sweep = { stop(): Promise<void> }

/** Sweeps at once, then every interval with up to 10 % added, so that workers started together drift apart. */
export function startSweep({ platforms, intervalSeconds, log }: SweepDeps): Sweep {
  const stopping = new AbortController()
  const retryMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, intervalSeconds * 1000))
  const running = run()

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const platform of platforms.values()) await sweepPlatform(platform)
      await pause(intervalSeconds * 1000 * (1 + Math.random() * 0.1))
    }
  }

  async function sweepPlatform(platform: SweepPlatform): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedAtMs = performance.now()
      const subjects = await takeDue(platform)
      if (subjects.length === 0) return
      await Promise.all(subjects.map((subject) => refresh(platform, subject)))
      await pause(Math.max(0, 1000 - (performance.now() - startedAtMs)))
    }
  }

  async function takeDue(platform: SweepPlatform): Promise<string[]> {
    try {
      return await platform.schedule.takeDue(PER_SECOND, retryMs)
    } catch (error) {
      log.warn({ err: error, platform: platform.id }, 'sweep.skipped')
      return []
    }
  }

  async function refresh(platform: SweepPlatform, subject: string): Promise<void> {
    const startedAtMs = performance.now()
    const logged = { platform: platform.id, subject }
    try {
      const appId = parseAuthorizerAppId(subject)
      if (appId) await platform.authorizerTokens.refreshNow(appId)
      else if (subject === COMPONENT_SUBJECT) await platform.componentTokens.refreshNow()
      else await platform.schedule.forget(subject)
      log.info({ ...logged, durationMs: Math.round(performance.now() - startedAtMs) }, 'token.refreshed')
    } catch (error) {
      if (isOver(error)) await forget(platform, subject)
      log.warn({ ...logged, err: error }, 'token.refresh_failed')
    }
  }

  async function forget(platform: SweepPlatform, subject: string): Promise<void> {
    try {
      await platform.schedule.forget(subject)
    } catch (error) {
      // It comes up again and is forgotten then.
      log.warn({ err: error, platform: platform.id, subject }, 'sweep.skipped')
    }
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping.signal }).catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error
    })
  }

  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Nothing to refresh until somebody authorizes again, which puts the subject back. */
function isOver(error: unknown): boolean {
  return (
    error instanceof GatewayError &&
    (error.code === 'AUTHORIZER_NOT_FOUND' || error.code === 'AUTHORIZER_REVOKED' || error.code === 'REAUTHORIZATION_REQUIRED')
  )
}
