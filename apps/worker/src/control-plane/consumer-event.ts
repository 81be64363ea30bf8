// Owns: the event that consumers get for a component event: WeChat's fields without tickets and codes.
import { type ComponentEventJob, eventType, type GatewayEvent, platformEvent } from '@wxgw/contracts'
import { type AuthorizerAppId, type ComponentEvent, withoutSecrets } from '@wxgw/wechat-core'

export type UnderstoodEvent = Exclude<ComponentEvent, { kind: 'unparsed' }>

export function consumerEvent(
  event: UnderstoodEvent,
  appId: AuthorizerAppId | undefined,
  job: ComponentEventJob,
): GatewayEvent {
  return platformEvent({
    id: job.eventId,
    platform: job.platform,
    type: eventType('wechat.component', event.infoType),
    timeMs: event.createTimeSeconds === undefined ? job.receivedAtMs : event.createTimeSeconds * 1000,
    subject: appId,
    authorizerAppId: appId,
    data: withoutSecrets(event.data),
  })
}
