// Owns: the names that earlier versions gave to queues and streams of subscriptions, and which of these were
// ambiguous: `-` separated the parts, and a platform's id and a subscription's name may both contain it.
import { SUBSCRIPTION_NAME_PATTERN } from '@wxgw/contracts'
import type { Owner } from '../bullmq-format/move-jobs.ts'
import {
  COMPONENT_EVENTS_QUEUE,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  PLATFORM_EVENTS_QUEUE,
} from '../keys.ts'
import { MAX_SHARDS } from '../shards/shard-count.ts'

type OldNames = {
  deliveriesQueue(subscription: string): string
  sinkQueue(subscription: string): string
  /** Never ambiguous. */
  sinkStream(subscription: string): string
  /**
   * Of an old queue: another configured platform could have it for a subscription of its own, or it is one of the
   * gateway's own.
   */
  isAmbiguous(queue: string): boolean
  /** Which of the jobs in the deliveries' or the consumer's queue are the subscription's. undefined = all. */
  ownerOfDeliveries(subscription: string): Owner | undefined
  ownerInSinkQueue(subscription: string): Owner | undefined
}

const NAME = new RegExp(SUBSCRIPTION_NAME_PATTERN)
const DELIVERIES = /^\{wx-deliveries-(.+)\}$/
const SINK = /^\{wx-(.+)\}$/
const OWN: readonly string[] = [
  COMPONENT_EVENTS_QUEUE,
  PLATFORM_EVENTS_QUEUE,
  MESSAGES_QUEUE,
  ...Array.from({ length: MAX_SHARDS }, (_, index) => messageInbox(index)),
  MAINTENANCE_QUEUE,
]

/** `platforms`: the ids of all that are configured. */
export function oldNames(platform: string, platforms: readonly string[]): OldNames {
  const mayOwn = (parts: string) =>
    platforms.filter((id) => parts.startsWith(`${id}-`) && NAME.test(parts.slice(id.length + 1)))

  function isAmbiguous(queue: string): boolean {
    if (OWN.includes(queue)) return true
    const ofDeliveries = DELIVERIES.exec(queue)?.[1]
    if (ofDeliveries !== undefined) return mayOwn(ofDeliveries).length > 1
    return mayOwn(SINK.exec(queue)?.[1] ?? '').length > 1
  }

  const names = {
    deliveriesQueue: (subscription: string) => `{wx-deliveries-${platform}-${subscription}}`,
    sinkQueue: (subscription: string) => `{wx-${platform}-${subscription}}`,
    sinkStream: (subscription: string) => `wx:{${platform}}:stream:${subscription}`,
  }
  return {
    ...names,
    isAmbiguous,
    ownerOfDeliveries: (subscription) =>
      isAmbiguous(names.deliveriesQueue(subscription)) ? { platform, subscription } : undefined,
    // Its jobs are events. With this name and this platform it can only be one subscription's.
    ownerInSinkQueue: (subscription) => (isAmbiguous(names.sinkQueue(subscription)) ? { platform } : undefined),
  }
}
