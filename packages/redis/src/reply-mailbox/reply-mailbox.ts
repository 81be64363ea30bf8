// Owns: passive replies on their way from whoever has them to whichever processes wait for them, over Redis pub/sub.
// What a reply may look like, and what is done when none comes, is decided elsewhere.
import { randomUUID } from 'node:crypto'
import type { GatewayEvent } from '@wxgw/contracts'
import { type Clock, GatewayError, systemClock } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import { parseEvent } from '../event-log/logged-event.ts'
import type { PlatformKeys } from '../keys.ts'
import { createErrorLog, type WarnLog } from '../queues/error-log.ts'
import { runScript } from '../script.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { awaitReply, offerReply } from './reply-scripts.ts'

/** `not-asked`: the push waits for another subscription. `no-user`: it names nobody whom the reply could go to. */
export type OfferOutcome = 'accepted' | 'already-answered' | 'too-late' | 'unknown' | 'not-asked' | 'no-user'

/** `from`: the subscription that the reply comes from, when that is known. `needsUser`: it goes to the user of the push. */
export type OfferedReply = { from?: string | undefined; needsUser?: boolean }

/** Whose answer a push waits for, and whom the answer is for; `openId` is '' when the push does not say it. */
export type AskedReply = {
  subscription: string
  authorizerAppId: string
  openId: string
  /** When the push came in. 0 when an earlier version noted the wait. */
  receivedAtMs: number
  event?: GatewayEvent
}

export type ReplyMailbox = {
  /**
   * The reply to this event, or undefined when none came before the deadline; never rejects, whatever happens to Redis.
   * Everybody who waits for the same event gets the same reply. Call it before the event is queued, and give the mailbox
   * the connection that queues it, so that Redis knows of the wait before a consumer can answer.
   */
  expect(eventId: string, deadlineAtMs: number, asked?: AskedReply): Promise<unknown>
  /**
   * Hands a reply in. `unknown`: nobody waits, or did within ten minutes of now. `too-late`: the deadline is over. Rejects with
   * STORE_UNAVAILABLE.
   */
  offer(eventId: string, reply: unknown, offered?: OfferedReply): Promise<OfferOutcome>
  /** What `expect` was told, until ten minutes after the deadline; the event only with `keepsEvents`. Rejects with STORE_UNAVAILABLE. */
  asked(eventId: string): Promise<AskedReply | undefined>
  /** Who waits gets undefined. */
  close(): Promise<void>
}

export type ReplyMailboxDeps = {
  redis: RedisConnection
  /** A connection of the mailbox's own (`subscriber`): it can do nothing else. Closed by the caller, after `close`. */
  subscriber: RedisConnection
  keys: Pick<PlatformKeys, 'replyChannel'>
  shards: MessageShards
  /** Is the event kept with the wait for its reply? For platforms without an event log. Default false. */
  keepsEvents?: boolean
  log: WarnLog
  clock?: Clock
}

/** The key outlives the deadline, so that a late reply can be told that it is late, and its fallback knows the user. */
const REMEMBERED_MS = 600_000
/** That an event is answered: as long as anybody could offer a reply to it. */
export const REPLY_SENT_SECONDS = 86_400
/** A reply accepted in the last moment is still on its way. */
const LAST_MESSAGE_MS = 20
/**
 * Redis closes the door this much before the waiter leaves: the waiter's word may be on its way that long, and a reply must not
 * be accepted that nobody is there to hear. At most a twentieth of the wait.
 */
const EARLY_CLOSE_MS = 150
/** The longest wait: a timer's own limit is far off, WeChat's patience is not. */
const LONGEST_WAIT_MS = 60_000

type Waiter = { deadlineAtMs: number; asked: AskedReply | undefined; settle: (reply: unknown) => void }

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

  /** Tells Redis that this process waits and reads what may have come before: after it, no reply passes unheard. */
  async function register(eventId: string): Promise<void> {
    const waiters = [...(waiting.get(eventId) ?? [])]
    const leftMs = Math.max(...waiters.map(({ deadlineAtMs }) => deadlineAtMs), 0) - clock.nowMs()
    if (leftMs <= 0) return
    const asked = waiters.find((waiter) => waiter.asked)?.asked
    const event = keepsEvents && asked?.event ? JSON.stringify(asked.event) : ''
    const askedFields = asked ? [asked.subscription, asked.authorizerAppId, asked.openId, event, asked.receivedAtMs] : []
    try {
      const doorMs = Math.ceil(leftMs - Math.min(EARLY_CLOSE_MS, leftMs / 20))
      const args = [channel, doorMs, REMEMBERED_MS, ...askedFields]
      const reply = await runScript(redis, awaitReply, { keys: [shards.ofId(eventId).reply(eventId)], args })
      if (typeof reply === 'string') settle(eventId, JSON.parse(reply))
    } catch (error) {
      // Who waits learns nothing and gets undefined in time: WeChat is answered all the same.
      logError(error)
    }
  }

  /** At the start and after each reconnect: what was published in the gap is found by registering anew. */
  function listen(): void {
    if (closed) return
    subscriber.subscribe(channel).then(() => {
      for (const eventId of waiting.keys()) void register(eventId)
    }, logError)
  }

  function onMessage(from: string, message: string): void {
    if (from !== channel) return
    const end = message.indexOf('\n')
    if (end > 0) settle(message.slice(0, end), JSON.parse(message.slice(end + 1)))
  }

  subscriber.on('message', onMessage)
  subscriber.on('ready', listen)
  listen()

  return {
    expect(eventId, deadlineAtMs, asked) {
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
          asked,
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
        const outcome = await runScript(redis, offerReply, {
          keys: [waited(eventId), replySent(eventId)],
          args: [json, `${eventId}\n${json}`, from, REPLY_SENT_SECONDS, needsUser ? 1 : 0],
        })
        return parseOutcome(outcome)
      }),

    asked: (eventId) =>
      guardStore(async () => {
        const fields = await redis.hmget(shards.ofId(eventId).reply(eventId), 'subscription', 'authorizer', 'openid', 'event', 'received')
        const [subscription, authorizerAppId, openId, event, receivedAtMs] = fields
        if (!subscription || !authorizerAppId) return undefined
        const asked = { subscription, authorizerAppId, openId: openId ?? '', receivedAtMs: Number(receivedAtMs ?? 0) }
        return { ...asked, ...(event ? { event: parseEvent(event) } : {}) }
      }),

    async close() {
      if (closed) return
      closed = true
      subscriber.off('message', onMessage)
      subscriber.off('ready', listen)
      for (const eventId of [...waiting.keys()]) settle(eventId, undefined)
      // Not waited for: a Redis that does not answer must not hold up the end of the process, which closes the connection anyway.
      if (subscriber.status === 'ready') subscriber.unsubscribe(channel).catch(logError)
    },
  }
}

function parseOutcome(value: unknown): OfferOutcome {
  const known: readonly OfferOutcome[] = ['accepted', 'already-answered', 'too-late', 'unknown', 'not-asked', 'no-user']
  const outcome = known.find((one) => one === value)
  if (outcome !== undefined) return outcome
  throw new GatewayError('INTERNAL', 'the reply mailbox answered what it never does')
}
