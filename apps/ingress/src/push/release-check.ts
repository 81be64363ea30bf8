// Owns: answering WeChat's release check (全网发布接入检测) in the ingress: with the expected reply, or with a job that sends
// the code by API.
import { buildReplyXml, type Clock, releaseCheckAnswer, type ReleaseCheckAnswer, sealReply } from '@wxgw/wechat-core'
import type { PushedMessage, ReleaseCheck } from './passive-answers.ts'
import type { PushIntake } from './push-intake.ts'

/** The answer to QUERY_AUTH_CODE; the message follows by API. */
const NOTHING_YET = ''

export function createReleaseCheck({ intake, clock }: { intake: PushIntake; clock: Clock }): ReleaseCheck {
  async function carryOut(
    wanted: ReleaseCheckAnswer,
    { platform, appId, opened, message, event, receivedAtMs, made, within }: PushedMessage,
  ): Promise<string> {
    if (wanted.kind === 'query-auth-code') {
      const { authorizationCode: code } = wanted
      const about = {
        platform: platform.id,
        eventId: event.id,
        appId,
        openId: message.fromUserName,
        receivedAtMs,
        made,
      }
      await intake.accept({ v: 1, kind: 'release-check', ...about, code }, within)
      return NOTHING_YET
    }
    const nowSeconds = Math.floor(clock.nowMs() / 1000)
    const address = {
      toUserName: message.fromUserName,
      fromUserName: message.toUserName,
      createTimeSeconds: nowSeconds,
    }
    return sealReply({
      credentials: opened.credentials,
      componentAppId: platform.componentAppId,
      plaintext: buildReplyXml({ MsgType: 'text', Content: wanted.content }, address),
      timestampSeconds: nowSeconds,
      nonce: opened.nonce,
    })
  }

  return {
    answer(push) {
      const wanted = releaseCheckAnswer({ authorizerAppId: push.appId, message: push.message })
      return wanted && carryOut(wanted, push)
    },
  }
}
