// Owns: hearing the replies that consumers of queue sinks return from their jobs, for as long as a subscription wants them.
import type { Subscription } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import { type ConsumerReturns, createConsumerReturns, type RedisConnection } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'

export type ConsumerRepliesDeps = {
  platform: Pick<Platform, 'id' | 'replyOffers'>
  connection: RedisConnection
  log: Log
}

export type ConsumerReplies = {
  follow(subscriptions: readonly Subscription[]): void
  close(): Promise<void>
}

/** Every worker listens: whichever hears a reply first hands it in, the others find it answered. */
export function createConsumerReplies({ platform, connection, log }: ConsumerRepliesDeps): ConsumerReplies {
  const listening = new Map<string, ConsumerReturns>()

  function follow(subscriptions: readonly Subscription[]): void {
    const wanted = new Set(subscriptions.flatMap(({ sink, reply, enabled }) => (reply && enabled && sink.kind === 'queue' ? [sink.queue] : [])))
    for (const [queue, returns] of listening) {
      if (wanted.has(queue)) continue
      listening.delete(queue)
      void returns.close()
    }
    for (const queue of wanted) {
      if (!listening.has(queue)) listening.set(queue, createConsumerReturns({ connection, queue, onReturn, log }))
    }
  }

  async function onReturn(eventId: string, value: unknown): Promise<void> {
    if (typeof value !== 'object' || value === null || !('reply' in value) || value.reply === null) return
    const outcome = await platform.replyOffers.offer(eventId, value.reply)
    if (outcome === 'invalid') log.warn({ platform: platform.id, eventId }, 'reply.invalid')
  }

  return {
    follow,
    async close() {
      await Promise.all([...listening.values()].map((returns) => returns.close()))
    },
  }
}
