// Owns: hearing the replies that consumers of queue sinks return from their jobs, for as long as a subscription wants
// them. A consumer may write anything into its queue: what an event is, and who was given it, the gateway's own record
// says.
import { type DeliveryJob, type FanOutJob, type GatewayEvent, isEventId, type Subscription } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import { createConsumerReturns, type DeliveryQueue, platformKeys, type RedisConnection, type ReturnedJob } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { INVALID_REPLY } from '../delivery/attempt/judge-attempt.ts'
import { recordState, type StateDeps } from '../delivery/attempt/record-state.ts'

export type ConsumerRepliesDeps = {
  platform: Pick<Platform, 'id' | 'replyOffers' | 'events' | 'statistics'>
  redis: RedisConnection
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  onDead: StateDeps['onDead']
  log: Log
}

export type ConsumerReplies = {
  follow(subscriptions: readonly Subscription[]): void
  /**
   * This process is about to give the event to its subscribers: a reply that a push waits for is to be heard within
   * milliseconds.
   */
  awaited(job: FanOutJob): void
  close(): Promise<void>
}

/** Every worker listens: whichever hears a reply first hands it in, the others find it answered. */
export function createConsumerReplies(deps: ConsumerRepliesDeps): ConsumerReplies {
  const { platform, redis, onDead, log } = deps
  const { consumerReturns: positions } = platformKeys(platform.id)
  const returns = createConsumerReturns({ redis, positions, onReturn: take, log })

  function follow(subscriptions: readonly Subscription[]): void {
    const wanted = new Map<string, string>()
    for (const { name, sink, reply, enabled } of subscriptions) if (reply && enabled && sink.kind === 'queue') wanted.set(name, sink.queue)
    returns.follow(wanted)
  }

  /**
   * The job of a first delivery has the event's id for its own; that of a replay has not, and what it returns answers
   * nobody.
   */
  async function take({ name, jobId: eventId, value }: ReturnedJob): Promise<void> {
    if (!isEventId(eventId)) return
    if (typeof value !== 'object' || value === null || !('reply' in value)) return
    const outcome = await platform.replyOffers.offer(eventId, value.reply, { from: name })
    if (outcome !== 'invalid') return
    log.warn({ platform: platform.id, eventId, subscription: name }, 'reply.invalid')
    const given = await platform.replyOffers.givenEvent(eventId, name)
    if (given?.event) await failDelivery({ event: given.event, receivedAtMs: given.receivedAtMs }, name)
  }

  /**
   * The consumer's job is done, so nothing is tried again by itself: it stands in the dead letters, from where it can
   * be.
   */
  async function failDelivery({ event, receivedAtMs }: { event: GatewayEvent; receivedAtMs: number }, subscription: string): Promise<void> {
    const job: DeliveryJob = {
      v: 1,
      kind: 'deliver',
      platform: platform.id,
      subscription,
      event,
      receivedAtMs,
      deliveryId: event.id,
      scheduleSeconds: [],
    }
    await deps.enqueueDelivery(job, { attemptsMade: 1, lastError: INVALID_REPLY })
    // It is known as delivered; only what begins anew can be said to have failed.
    const about = { event, subscription }
    const { events, statistics } = platform
    const state = { events, statistics, onDead, log }
    await recordState(state, { ...about, status: 'pending', attempts: 0 })
    await recordState(state, { ...about, status: 'dead', attempts: 1, lastError: INVALID_REPLY })
  }

  return {
    follow,
    awaited: ({ event, reply }) => reply && returns.expect(reply.subscription, event.id, reply.deadlineAtMs),
    close: returns.close,
  }
}
