// Owns: WeChat's release check (全网发布接入检测) as data, and what it expects as an answer. Sends nothing.
import { Secret } from '../secret.ts'
import { textField } from './fields.ts'
import type { AuthorizerMessage } from './opened-push.ts'

type ReleaseCheckAccount = { appId: string; userName: string; isMiniProgram: boolean }

/**
 * WeChat's test accounts: five groups, one drawn at random per run.
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/operation/thirdparty/releases_instructions.html
 */
export const RELEASE_CHECK_ACCOUNTS: readonly ReleaseCheckAccount[] = [
  { appId: 'wx570bc396a51b8ff8', userName: 'gh_3c884a361561', isMiniProgram: false },
  { appId: 'wxd101a85aa106f53e', userName: 'gh_8dad206e9538', isMiniProgram: true },
  { appId: 'wx9252c5e0bb1836fc', userName: 'gh_c0f28a78b318', isMiniProgram: false },
  { appId: 'wxc39235c15087f6f3', userName: 'gh_905ae9d01059', isMiniProgram: true },
  { appId: 'wx8e1097c5bc82cde9', userName: 'gh_3f222ed8d140', isMiniProgram: false },
  { appId: 'wx7720d01d4b2a4500', userName: 'gh_393666f1fdf4', isMiniProgram: true },
  { appId: 'wx14550af28c71a144', userName: 'gh_26128078e9ab', isMiniProgram: false },
  { appId: 'wx05d483572dcd5d8b', userName: 'gh_39abb5d4e1b7', isMiniProgram: true },
  { appId: 'wxa35b9c23cfe664eb', userName: 'gh_2b3713f184a6', isMiniProgram: false },
  { appId: 'wx5910277cae6fd970', userName: 'gh_7818dcb60240', isMiniProgram: true },
]

const TEST_APP_IDS: ReadonlySet<string> = new Set(RELEASE_CHECK_ACCOUNTS.map((account) => account.appId))
const TEST_USER_NAMES: ReadonlySet<string> = new Set(RELEASE_CHECK_ACCOUNTS.map((account) => account.userName))
const TEXT_PROBE = 'TESTCOMPONENT_MSG_TYPE_TEXT'
const CODE_PROBE = 'QUERY_AUTH_CODE:'

export type ReleaseCheckAnswer =
  /** Answer with this text as an encrypted passive reply, within WeChat's 5 seconds. */
  | { kind: 'reply'; content: string }
  /** Answer an empty body at once, then exchange the code and send `<code>_from_api` by customer service message. */
  | { kind: 'query-auth-code'; authorizationCode: Secret }

/**
 * The answer that a push of the release check expects. undefined for every other push: one that is not to a test
 * account of WeChat (by the path's appid, or by ToUserName, which alone is authentic), or a message that the check does
 * not send.
 */
export function releaseCheckAnswer(push: {
  authorizerAppId: string
  message: AuthorizerMessage
}): ReleaseCheckAnswer | undefined {
  const { authorizerAppId, message } = push
  if (message.kind !== 'message' || message.toUserName === '' || message.fromUserName === '') return undefined
  if (!TEST_APP_IDS.has(authorizerAppId) && !TEST_USER_NAMES.has(message.toUserName)) return undefined
  if (message.event !== undefined) return { kind: 'reply', content: `${message.event}from_callback` }
  const content = message.msgType.toLowerCase() === 'text' ? textField(message.data, 'Content') : undefined
  if (content === TEXT_PROBE) return { kind: 'reply', content: `${TEXT_PROBE}_callback` }
  // The code may contain colons: it is everything after the first one.
  const code = content?.startsWith(CODE_PROBE) ? content.slice(CODE_PROBE.length) : ''
  return code === '' ? undefined : { kind: 'query-auth-code', authorizationCode: new Secret(code) }
}
