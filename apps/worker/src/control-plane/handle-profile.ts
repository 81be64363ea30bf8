// Owns: fetching the profile of an account that just authorized, and emitting the authorization afterwards.
import { authorizerView, type GatewayEvent, type ProfileJob } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { type Authorizer, type AuthorizerAppId, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'
import { ANNOUNCED_WITHIN_MS } from './handle-authorization.ts'
import { platformNotConfigured } from './platform-of-job.ts'

export type ProfilePlatform = {
  authorizations: Pick<Platform['authorizations'], 'refreshProfile'>
  jobs: Pick<Platform['jobs'], 'platformEvent'>
}

type ProfileDeps = { platforms: ReadonlyMap<string, ProfilePlatform>; nowMs(): number; log: Log }

/** After so many attempts the authorization is emitted without a profile: 15 s with a backoff that doubles from 1 s. */
const PROFILE_ATTEMPTS = 5

/** Safe to run twice: the announcement carries the id of the push. */
export async function handleProfile(
  job: ProfileJob,
  { attempt }: { attempt: number },
  { platforms, nowMs, log }: ProfileDeps,
): Promise<void> {
  const platform = platforms.get(job.platform)
  const appId = parseAuthorizerAppId(job.appid)
  if (!platform || !appId) throw platformNotConfigured()

  const authorizer = await profile(platform, appId)
  if (job.announce)
    await platform.jobs.platformEvent(announcement(job.announce, authorizer), { receivedAtMs: job.receivedAtMs })

  async function profile(from: ProfilePlatform, of: AuthorizerAppId): Promise<Authorizer | undefined> {
    try {
      return await from.authorizations.refreshProfile(of)
    } catch (error) {
      const isLate = nowMs() - job.receivedAtMs >= ANNOUNCED_WITHIN_MS
      if (!isAnotherAccount(error) && attempt < PROFILE_ATTEMPTS && !isLate) throw error
      log.warn({ err: error, platform: job.platform, appid: of, attempt }, 'authorizer.profile_unknown')
      return undefined
    }
  }
}

/**
 * The code belonged to another account, so this one is unknown here and a retry changes nothing. Refusals of WeChat are
 * retried.
 */
function isAnotherAccount(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'AUTHORIZER_NOT_FOUND'
}

function announcement(event: GatewayEvent, authorizer: Authorizer | undefined): GatewayEvent {
  if (!authorizer) return event
  return { ...event, data: { ...event.data, authorizer: authorizerView(authorizer) } }
}
