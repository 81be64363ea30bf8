// Owns: fetching the profile of an account that just authorized, and telling consumers of it afterwards.
import type { GatewayEvent, ProfileJob } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { type Authorizer, type AuthorizerAppId, GatewayError, parseAuthorizerAppId, refusalKind } from '@wxgw/wechat-core'
import { authorizerView } from '@wxgw/contracts'
import { platformNotConfigured } from './platform-of-job.ts'

export type ProfilePlatform = {
  authorizations: Pick<Platform['authorizations'], 'refreshProfile'>
  inbox: Pick<Platform['inbox'], 'platformEvent'>
}

export type ProfileDeps = { platforms: ReadonlyMap<string, ProfilePlatform>; log: Log }

/** Attempts at the profile before consumers hear of the authorization without it: with a doubling back-off from 1 s, a quarter of a minute. */
export const PROFILE_ATTEMPTS = 5

/** Safe to run twice: the announcement carries the id of the push. */
export async function handleProfile(job: ProfileJob, { attempt }: { attempt: number }, { platforms, log }: ProfileDeps): Promise<void> {
  const platform = platforms.get(job.platform)
  const appId = parseAuthorizerAppId(job.appid)
  if (!platform || !appId) throw platformNotConfigured()

  const authorizer = await profile(platform, appId)
  if (job.announce) await platform.inbox.platformEvent(announcement(job.announce, authorizer), { receivedAtMs: job.receivedAtMs })

  async function profile(from: ProfilePlatform, of: AuthorizerAppId): Promise<Authorizer | undefined> {
    try {
      return await from.authorizations.refreshProfile(of)
    } catch (error) {
      if (!isFinal(error) && attempt < PROFILE_ATTEMPTS) throw error
      log.warn({ err: error, platform: job.platform, appid: of, attempt }, 'authorizer.profile_unknown')
      return undefined
    }
  }
}

/** WeChat says that it is not ours, or the code was another account's: asking again changes nothing. */
function isFinal(error: unknown): boolean {
  return refusalKind(error) === 'not-authorized' || (error instanceof GatewayError && error.code === 'AUTHORIZER_NOT_FOUND')
}

function announcement(event: GatewayEvent, authorizer: Authorizer | undefined): GatewayEvent {
  if (!authorizer) return event
  return { ...event, data: { ...event.data, authorizer: authorizerView(authorizer) } }
}
