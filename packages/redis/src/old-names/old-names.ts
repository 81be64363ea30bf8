// Owns: the names of subscriptions' queues and streams in earlier versions, and which of these are ambiguous: `-`
// separated the parts, and a platform's id and a subscription's name may both contain it.
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
  /** Whether a subscription of another configured platform could have this queue, or it is one of the gateway's own. */
  isAmbiguous(queue: string): boolean
  /** The owner by which the subscription's jobs in that queue are found. undefined = all jobs are its own. */
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

/** `platforms`: the ids of all configured platforms. */
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
    // The jobs are events, which have the platform but no subscription. One platform has this name only once.
    ownerInSinkQueue: (subscription) => (isAmbiguous(names.sinkQueue(subscription)) ? { platform } : undefined),
  }
}
