// Owns: passive replies on their way from whoever has them to whichever processes wait for them, over Redis pub/sub.
// What a reply may look like, and what is done when none comes, is decided elsewhere.
import { randomUUID } from 'node:crypto'
import { type Clock, GatewayError, systemClock } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { createErrorLog, type WarnLog } from '../queues/error-log.ts'
import { runScript } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import { awaitReply, offerReply } from './reply-scripts.ts'

export type OfferOutcome = 'accepted' | 'already-answered' | 'too-late' | 'unknown'

export type ReplyMailbox = {
  /**
   * The reply to this event, or undefined when none came before the deadline; never rejects, whatever happens to Redis.
   * Everybody who waits for the same event gets the same reply. Call it before the event is queued, and give the mailbox
   * the connection that queues it, so that Redis knows of the wait before a consumer can answer.
   */
  expect(eventId: string, deadlineAtMs: number): Promise<unknown>
  /**
   * Hands a reply in. `unknown`: nobody waits, or did within a minute of now. `too-late`: the deadline is over.
   * Rejects with STORE_UNAVAILABLE.
   */
  offer(eventId: string, reply: unknown): Promise<OfferOutcome>
  /** Who waits gets undefined. */
  close(): Promise<void>
}

export type ReplyMailboxDeps = {
  redis: RedisConnection
  /** A connection of the mailbox's own (`subscriber`): it can do nothing else. Closed by the caller, after `close`. */
  subscriber: RedisConnection
  keys: Pick<PlatformKeys, 'reply' | 'replyChannel'>
  log: WarnLog
  clock?: Clock
}

/** The key outlives the deadline, so that a late reply can be told that it is late. */
const REMEMBERED_MS = 60_000
/** A reply accepted in the last moment is still on its way. */
const LAST_MESSAGE_MS = 20
/** The longest wait: a timer's own limit is far off, WeChat's patience is not. */
const LONGEST_WAIT_MS = 60_000

type Waiter = { deadlineAtMs: number; settle: (reply: unknown) => void }

export function createReplyMailbox({ redis, subscriber, keys, log, clock = systemClock }: ReplyMailboxDeps): ReplyMailbox {
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
    const deadlines = [...(waiting.get(eventId) ?? [])].map(({ deadlineAtMs }) => deadlineAtMs)
    const leftMs = Math.max(...deadlines, 0) - clock.nowMs()
    if (leftMs <= 0) return
    try {
      const reply = await runScript(redis, awaitReply, { keys: [keys.reply(eventId)], args: [channel, Math.ceil(leftMs), REMEMBERED_MS] })
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
    expect(eventId, deadlineAtMs) {
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

    offer: (eventId, reply) =>
      guardStore(async () => {
        const json = JSON.stringify(reply)
        if (json === undefined) throw new GatewayError('REPLY_INVALID', 'the reply is not JSON')
        const outcome = await runScript(redis, offerReply, { keys: [keys.reply(eventId)], args: [json, `${eventId}\n${json}`] })
        return parseOutcome(outcome)
      }),

    async close() {
      if (closed) return
      closed = true
      subscriber.off('message', onMessage)
      subscriber.off('ready', listen)
      for (const eventId of [...waiting.keys()]) settle(eventId, undefined)
      if (subscriber.status === 'ready') await subscriber.unsubscribe(channel).catch(logError)
    },
  }
}

function parseOutcome(value: unknown): OfferOutcome {
  if (value === 'accepted' || value === 'already-answered' || value === 'too-late' || value === 'unknown') return value
  throw new GatewayError('INTERNAL', 'the reply mailbox answered what it never does')
}
