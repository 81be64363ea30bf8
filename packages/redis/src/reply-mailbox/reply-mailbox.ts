// Owns: passing passive replies between processes by Redis pub/sub: one process waits for the reply to an event,
// another one offers it. packages/platform/src/replies validates replies and handles missing ones.
import { randomUUID } from 'node:crypto'
import type { GatewayEvent } from '@wxgw/contracts'
import { type Clock, GatewayError, systemClock } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { parseEvent } from '../event-log/logged-event.ts'
import type { PlatformKeys } from '../keys.ts'
import { createErrorLog, type WarnLog } from '../queues/error-log.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { defineScript } from '../lua/define-script.ts'

/** `not-asked`: the push waits for another subscription. `no-user`: the push names no user for the reply. */
export type OfferOutcome = 'accepted' | 'already-answered' | 'too-late' | 'unknown' | 'not-asked' | 'no-user'

/** `from`: the replying subscription, if known. `needsUser`: the reply needs the user of the push. */
export type OfferOptions = { from?: string | undefined; needsUser?: boolean }

/** The subscription that may reply, and the user of the push; `openId` is '' when the push has none. */
export type ReplyWait = {
  subscription: string
  authorizerAppId: string
  openId: string
  /** When the push arrived. 0: an earlier version registered the wait. */
  receivedAtMs: number
  event?: GatewayEvent
}

export type ReplyMailbox = {
  /**
   * The reply to this event, or undefined when none came before the deadline; never rejects. All waits for the same
   * event get the same reply. Call it before the event is enqueued over the same connection, so that Redis has the wait
   * before a consumer can answer.
   */
  expect(eventId: string, deadlineAtMs: number, wait?: ReplyWait): Promise<unknown>
  /**
   * `unknown`: no process has waited in the last ten minutes. `too-late`: the deadline is over. Rejects with
   * STORE_UNAVAILABLE.
   */
  offer(eventId: string, reply: unknown, options?: OfferOptions): Promise<OfferOutcome>
  /**
   * No reply of the subscription that the push waits for will come in time: `expect` resolves with undefined at once,
   * and a later reply is `too-late`. No effect after a reply, and on other waits. Rejects with STORE_UNAVAILABLE.
   */
  endWait(eventId: string, from: string): Promise<void>
  /**
   * The wait of `expect`, until ten minutes after the deadline; with the event only if `keepsEvents`. Rejects with
   * STORE_UNAVAILABLE.
   */
  waitOf(eventId: string): Promise<ReplyWait | undefined>
  /** All waits resolve with undefined. */
  close(): Promise<void>
}

export type ReplyMailboxDeps = {
  redis: RedisConnection
  /** A `subscriber` connection for this mailbox alone. The caller closes it after `close`. */
  subscriber: RedisConnection
  keys: Pick<PlatformKeys, 'replyChannel'>
  shards: MessageShards
  /** Whether the event is stored with the wait, for platforms without an event log. Default false. */
  keepsEvents?: boolean
  log: WarnLog
  clock?: Clock
}

/** The key outlives the deadline, so that a late reply is known to be late and its fallback knows the user. */
const REMEMBERED_MS = 600_000
/** How long an event counts as answered: as long as a reply to it may be offered. */
export const REPLY_SENT_SECONDS = 86_400
/** Added to the wait: a reply that Redis accepts at the last moment is published within this time. */
const LAST_MESSAGE_MS = 20
/**
 * Redis stops accepting replies this long before the wait ends, because the command that registers the wait may take as
 * long, and an accepted reply must have a receiver. At most a twentieth of the wait.
 */
const EARLY_CLOSE_MS = 150
/** WeChat waits five seconds. */
const LONGEST_WAIT_MS = 60_000

/** Redis' clock checks the deadline, because the clocks of two processes differ. */
const awaitReply = defineScript({
  name: 'reply-mailbox/await-reply',
  keys: ['reply'],
  args: ['channel', 'leftMs', 'keptMs', 'subscription', 'authorizer', 'openid', 'event', 'received'],
})
const offerReply = defineScript({
  name: 'reply-mailbox/offer-reply',
  keys: ['reply', 'answered'],
  args: ['json', 'message', 'from', 'rememberedSeconds', 'needsUser'],
})

const endWait = defineScript({ name: 'reply-mailbox/end-wait', keys: ['reply'], args: ['from', 'message'] })

/** Published in place of a reply. A process of an earlier version reads an invalid reply, which ends its wait, too. */
const NONE_IN_TIME = JSON.stringify('')

type Waiter = { deadlineAtMs: number; wait: ReplyWait | undefined; settle: (reply: unknown) => void }

export function createReplyMailbox(deps: ReplyMailboxDeps): ReplyMailbox {
  const { redis, subscriber, keys, shards, keepsEvents = false, log, clock = systemClock } = deps
  const channel = keys.replyChannel(randomUUID())
  const waiting = new Map<string, Set<Waiter>>()
  const logError = createErrorLog(log, 'reply_mailbox.failed')
  let closed = false

  function settle(eventId: string, reply: unknown): void {
    const waiters = waiting.get(eventId)
    waiting.delete(eventId)
    for (const waiter of waiters ?? []) waiter.settle(reply)
  }

  /** Registers the wait of this process in Redis, and reads a reply that was offered before. */
  async function register(eventId: string): Promise<void> {
    const waiters = [...(waiting.get(eventId) ?? [])]
    const leftMs = Math.max(...waiters.map(({ deadlineAtMs }) => deadlineAtMs), 0) - clock.nowMs()
    if (leftMs <= 0) return
    const wait = waiters.find((waiter) => waiter.wait)?.wait
    const event = keepsEvents && wait?.event ? JSON.stringify(wait.event) : ''
    try {
      const acceptsMs = Math.ceil(leftMs - Math.min(EARLY_CLOSE_MS, leftMs / 20))
      const reply = await awaitReply(redis, {
        reply: shards.ofId(eventId).reply(eventId),
        channel,
        leftMs: acceptsMs,
        keptMs: REMEMBERED_MS,
        subscription: wait?.subscription ?? '',
        authorizer: wait?.authorizerAppId ?? '',
        openid: wait?.openId ?? '',
        event,
        received: wait?.receivedAtMs ?? '',
      })
      if (typeof reply === 'string') settle(eventId, JSON.parse(reply))
    } catch (error) {
      // The wait ends with undefined in time, and WeChat is answered without a reply.
      logError(error)
    }
  }

  /** At the start and after each reconnect. Registering again finds replies that were published meanwhile. */
  function listen(): void {
    if (closed) return
    subscriber.subscribe(channel).then(() => {
      for (const eventId of waiting.keys()) void register(eventId)
    }, logError)
  }

  function onMessage(from: string, message: string): void {
    if (from !== channel) return
    const end = message.indexOf('\n')
    if (end < 1) return
    const json = message.slice(end + 1)
    settle(message.slice(0, end), json === NONE_IN_TIME ? undefined : JSON.parse(json))
  }

  subscriber.on('message', onMessage)
  subscriber.on('ready', listen)
  listen()

  return {
    expect(eventId, deadlineAtMs, wait) {
      const nowMs = clock.nowMs()
      const leftMs = Math.min(deadlineAtMs - nowMs, LONGEST_WAIT_MS)
      if (closed || leftMs <= 0) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          const waiters = waiting.get(eventId)
          waiters?.delete(waiter)
          if (waiters?.size === 0) waiting.delete(eventId)
          resolve(undefined)
        }, leftMs + LAST_MESSAGE_MS)
        const waiter: Waiter = {
          deadlineAtMs: nowMs + leftMs,
          wait,
          settle: (reply) => {
            clearTimeout(timer)
            resolve(reply)
          },
        }
        const waiters = waiting.get(eventId) ?? new Set()
        waiting.set(eventId, waiters.add(waiter))
        void register(eventId)
      })
    },

    offer: (eventId, reply, { from = '', needsUser = false } = {}) =>
      guardStore(async () => {
        const json = JSON.stringify(reply)
        if (json === undefined) throw new GatewayError('INVALID_REQUEST', 'the reply is not JSON')
        const { reply: waited, replySent } = shards.ofId(eventId)
        const outcome = await offerReply(redis, {
          reply: waited(eventId),
          answered: replySent(eventId),
          json,
          message: `${eventId}\n${json}`,
          from,
          rememberedSeconds: REPLY_SENT_SECONDS,
          needsUser: needsUser ? '1' : '',
        })
        return parseOutcome(outcome)
      }),

    endWait: (eventId, from) =>
      guardStore(async () => {
        const reply = shards.ofId(eventId).reply(eventId)
        await endWait(redis, { reply, from, message: `${eventId}\n${NONE_IN_TIME}` })
      }),

    waitOf: (eventId) =>
      guardStore(async () => {
        const fields = await redis.hmget(
          shards.ofId(eventId).reply(eventId),
          'subscription',
          'authorizer',
          'openid',
          'event',
          'received',
        )
        const [subscription, authorizerAppId, openId, event, receivedAtMs] = fields
        if (!subscription || !authorizerAppId) return undefined
        const wait = { subscription, authorizerAppId, openId: openId ?? '', receivedAtMs: Number(receivedAtMs ?? 0) }
        return { ...wait, ...(event ? { event: parseEvent(event) } : {}) }
      }),

    async close() {
      if (closed) return
      closed = true
      subscriber.off('message', onMessage)
      subscriber.off('ready', listen)
      for (const eventId of [...waiting.keys()]) settle(eventId, undefined)
      // No await: a Redis that does not answer must not delay the end of the process.
      if (subscriber.status === 'ready') subscriber.unsubscribe(channel).catch(logError)
    },
  }
}

function parseOutcome(value: unknown): OfferOutcome {
  const known: readonly OfferOutcome[] = ['accepted', 'already-answered', 'too-late', 'unknown', 'not-asked', 'no-user']
  const outcome = known.find((one) => one === value)
  if (outcome !== undefined) return outcome
  throw new GatewayError('INTERNAL', 'the reply mailbox has an unknown outcome')
}
