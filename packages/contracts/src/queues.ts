// Owns: the names of the BullMQ queues. The braces are Redis Cluster's hash tag: all keys of one queue live on one node,
// and different queues may live on different ones. The prefix is BullMQ's own, `bull`.

/** Control plane: tickets, authorizations, whatever WeChat tells the component. Never behind a user's message. */
export const COMPONENT_EVENTS_QUEUE = '{wx-component-events}'
/** Events of the component and of the gateway on their way to subscriptions. */
export const PLATFORM_EVENTS_QUEUE = '{wx-platform-events}'
/** Messages and events of the authorizers' users on their way to subscriptions. */
export const MESSAGES_QUEUE = '{wx-messages}'
/** Long background work: authorizers/sync. */
export const MAINTENANCE_QUEUE = '{wx-maintenance}'

/** Deliveries of one subscription; its failed set is the subscription's dead letters. */
export function deliveriesQueue(platform: string, subscription: string): string {
  return `{wx-deliveries-${platform}-${subscription}}`
}

/** The queue that the consumer of a `queue` sink opens. */
export function sinkQueue(platform: string, subscription: string): string {
  return `{wx-${platform}-${subscription}}`
}

/** The stream that the consumer of a `stream` sink reads. */
export function sinkStream(platform: string, subscription: string): string {
  return `wx:{${platform}}:stream:${subscription}`
}
