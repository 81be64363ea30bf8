// Owns: the part of WeChat's release check (全网发布检测) that is answered by API: exchange the code, then send it back.
import type { ReleaseCheckJob } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { type AuthorizerAppId, GatewayError, parseAuthorizerAppId, type Secret } from '@wxgw/wechat-core'
import { platformNotConfigured } from './platform-of-job.ts'

type ReleaseCheckPlatform = {
  authorizations: Pick<Platform['authorizations'], 'exchangeCode'>
  customerService: Platform['customerService']
  sealedJobs: Pick<Platform['sealedJobs'], 'openReleaseCheckCode'>
}

type ReleaseCheckDeps = { platforms: ReadonlyMap<string, ReleaseCheckPlatform>; log: Log }

/**
 * The code may be spent already, for example by the account's own authorization: then the answer is sent with the
 * stored token of the account that was asked. Safe to run twice: the code is exchanged once, and WeChat's check reads
 * the first message.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/operation/thirdparty/releases_instructions.html
 */
export async function handleReleaseCheck(job: ReleaseCheckJob, { platforms, log }: ReleaseCheckDeps): Promise<void> {
  const platform = platforms.get(job.platform)
  const appId = parseAuthorizerAppId(job.appid)
  if (!platform || !appId) throw platformNotConfigured()
  const code = platform.sealedJobs.openReleaseCheckCode(job)
  const authorizerAppId = await accountOfCode(platform, code, appId)
  await platform.customerService.send(authorizerAppId, {
    touser: job.openId,
    msgtype: 'text',
    text: { content: `${code.reveal()}_from_api` },
  })
  log.info({ platform: job.platform, eventId: job.eventId, appid: appId }, 'release_check.answered')
}

async function accountOfCode(
  platform: ReleaseCheckPlatform,
  code: Secret,
  askedAt: AuthorizerAppId,
): Promise<AuthorizerAppId> {
  try {
    return (await platform.authorizations.exchangeCode(code)).authorizerAppId
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'AUTHORIZATION_CODE_INVALID') return askedAt
    throw error
  }
}
