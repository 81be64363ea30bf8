// Owns: sending a reply that comes after the push was answered as a customer service message, if the subscription has
// that fallback.
import type { Reply } from '@wxgw/contracts'
import type { ReplyWait } from '@wxgw/redis'
import { customMessage, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { CustomerService } from '../platform.ts'
import type { GivenEvents } from './given-events.ts'

type LateReplies = {
  /** Rejects as CustomerService.send. */
  send(eventId: string, wait: ReplyWait, reply: Reply): Promise<'sent' | 'too-late' | 'already-answered'>
}

export type LateRepliesDeps = {
  given: Pick<GivenEvents, 'recipient'>
  customerService: CustomerService
  /** True once per event, over all processes. */
  mayFallBack(eventId: string): Promise<boolean>
  /** The message was not sent: another reply may try. */
  releaseFallBack(eventId: string): Promise<void>
}

export function createLateReplies(deps: LateRepliesDeps): LateReplies {
  const { given, customerService, mayFallBack, releaseFallBack } = deps

  async function hasFallback(wait: ReplyWait): Promise<boolean> {
    const subscription = await given.recipient(wait.subscription, wait)
    return subscription?.reply === true && subscription.fallback === 'customer-service'
  }

  return {
    async send(eventId, wait, reply) {
      if (!(await hasFallback(wait))) return 'too-late'
      const appId = parseAuthorizerAppId(wait.authorizerAppId)
      const message = customMessage(reply, wait.openId)
      if (!appId || !message || wait.openId === '') return 'too-late'
      if (!(await mayFallBack(eventId))) return 'already-answered'
      try {
        await customerService.send(appId, message)
      } catch (error) {
        // After a time-out WeChat may have sent it: no message is better than two.
        if (error instanceof GatewayError && error.code !== 'WECHAT_API_TIMEOUT') await releaseFallBack(eventId)
        throw error
      }
      return 'sent'
    },
  }
}
