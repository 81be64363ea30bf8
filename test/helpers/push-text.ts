// Owns: a user's text as WeChat pushes it, with all that the sender may choose: also the same push again, to any ingress.
import { messageXml, type PushResult } from '@wxgw/simulator'
import type { Gateway } from './gateway.ts'

export type TextPush = {
  appId: string
  openId?: string
  content: string
  msgId: string
  createTime?: number
  at?: number
  attempts?: number
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** The user name of an account in these tests. */
export function nameOf(appId: string): string {
  return `gh_${appId.slice(2)}`
}

/**
 * To the ingress `at`, tried once unless `attempts` says more. Nonce and ciphertext are new each time, as WeChat's retries may be; what is to be a retry has to
 * name its `createTime`, or it is another push when the second turns.
 */
export function pushText(
  gateway: Gateway,
  { appId, openId = 'oUSER', content, msgId, createTime = nowSeconds(), at = 0, attempts = 1 }: TextPush,
): Promise<PushResult> {
  const head = { toUserName: nameOf(appId), openId, createTimeSeconds: createTime }
  const xml = messageXml(head, 'text', { Content: content, MsgId: msgId })
  const url = `${gateway.ingresses[at]?.publicUrl}/apis/v1/wx/open1/${appId}/callback`
  return gateway.simulator.push('authorizer', { xml, appId, url, attempts })
}
