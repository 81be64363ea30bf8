// Owns: offering the replies that consumers of queue sinks return from their jobs, for enabled subscriptions with
// `reply`. A consumer may write anything into its queue: the event and its recipients are read from the gateway's own
// record.
import { type DeliveryJob, type FanOutJob, type GatewayEvent, isEventId, type Subscription } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import {
  createConsumerReturns,
  type DeliveryQueue,
  platformKeys,
  type RedisConnection,
  type ReturnedJob,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { INVALID_REPLY } from '../delivery/attempt/judge-attempt.ts'
import { recordState, type StateDeps } from '../delivery/attempt/record-state.ts'

type QueueRepliesDeps = {
  platform: Pick<Platform, 'id' | 'replies' | 'events' | 'statistics'>
  redis: RedisConnection
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  onDead: StateDeps['onDead']
  log: Log
}

type QueueReplies = {
  follow(subscriptions: readonly Subscription[]): void
  /** Call it before the event is delivered: the reply of a waiting push is then read within milliseconds. */
  expect(job: FanOutJob): void
  close(): Promise<void>
}

/** Every worker reads the replies: the first offer is accepted, the others find the event answered. */
export function createQueueReplies(deps: QueueRepliesDeps): QueueReplies {
  const { platform, redis, onDead, log } = deps
  const { consumerReturns: positions } = platformKeys(platform.id)
  const returns = createConsumerReturns({ redis, positions, onReturn: take, log })

  function follow(subscriptions: readonly Subscription[]): void {
    const wanted = new Map<string, string>()
    for (const { name, sink, reply, enabled } of subscriptions)
      if (reply && enabled && sink.kind === 'queue') wanted.set(name, sink.queue)
    returns.follow(wanted)
  }

  /** The job of a first delivery has the event's id. The job of a replay has another id: its reply is ignored. */
  async function take({ name, jobId: eventId, value }: ReturnedJob): Promise<void> {
    if (!isEventId(eventId)) return
    if (typeof value !== 'object' || value === null || !('reply' in value)) return
    const outcome = await platform.replies.offer(eventId, value.reply, { from: name })
    if (outcome !== 'invalid') return
    log.warn({ platform: platform.id, eventId, subscription: name }, 'reply.invalid')
    const given = await platform.replies.givenEvent(eventId, name)
    if (given?.event) await failDelivery({ event: given.event, receivedAtMs: given.receivedAtMs }, name)
  }

  /** The consumer's job has ended, so no retry happens by itself. A dead letter can be replayed. */
  async function failDelivery(
    { event, receivedAtMs }: { event: GatewayEvent; receivedAtMs: number },
    subscription: string,
  ): Promise<void> {
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
    // The log has the delivery as delivered. Only a pending one can become dead.
    const about = { event, subscription }
    const { events, statistics } = platform
    const state = { events, statistics, onDead, log }
    await recordState(state, { ...about, status: 'pending', attempts: 0 })
    await recordState(state, { ...about, status: 'dead', attempts: 1, lastError: INVALID_REPLY })
  }

  return {
    follow,
    expect: ({ event, reply }) => reply && returns.expect(reply.subscription, event.id, reply.deadlineAtMs),
    close: returns.close,
  }
}
