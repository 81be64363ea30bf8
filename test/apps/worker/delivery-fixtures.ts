// Owns: the subscriptions, events and deliveries that the tests of delivery start from.
import type { DeliveryJob, GatewayEvent, Sink, Subscription } from '@wxgw/contracts'
import { authorizerEvent } from '@wxgw/contracts'
import { sampleSubscription } from '../../helpers/sample-subscription.ts'

export const APP_A = 'wxaaaaaaaaaaaaaaaa'
export const APP_B = 'wxbbbbbbbbbbbbbbbb'

export function webhookSink(url: string, timeoutMs = 2_000): Sink {
  return { kind: 'webhook', url, timeoutMs }
}

export function subscription(name: string, changes: Partial<Subscription> = {}): Subscription {
  return sampleSubscription(name, { retry: { scheduleSeconds: [5, 300] }, disableAfterSeconds: 0, ...changes })
}

export function textEvent(id = 'ev-1', changes: Partial<GatewayEvent> = {}): GatewayEvent {
  return {
    ...authorizerEvent({
      id,
      platform: 'open1',
      type: 'wechat.message.text',
      timeMs: 1_767_225_600_000,
      subject: 'oOPENID',
      authorizerAppId: APP_A,
      data: { MsgType: 'text', Content: '你好', MsgId: '23456789012345678' },
    }),
    ...changes,
  }
}

/** The first delivery of an event to the subscription `crm`. */
export function deliveryOf(event: GatewayEvent, changes: Partial<DeliveryJob> = {}): DeliveryJob {
  const about = { platform: 'open1', subscription: 'crm', event, receivedAtMs: 0, deliveryId: event.id }
  return { v: 1, kind: 'deliver', ...about, scheduleSeconds: [5, 300], ...changes }
}

/** Of a subscription that nobody has failed at. */
export const HEALTH = {
  succeeded() {},
  failed: async () => undefined,
  pass: async () => false,
  release: async () => {},
  isOpen: () => false,
}
