// Owns: how many lists, searches, changes of subscriptions and other long requests of the internal listener are worked on at once, in all and of one caller. The
// same event loop takes WeChat's pushes.
import { GatewayError } from '@wxgw/wechat-core'
import type { onRequestHookHandler } from 'fastify'
import { callerOf } from '../auth/authenticate.ts'

/** Of a process. Each holds its place until its answer has been taken, or its client has gone. */
const AT_ONCE = 4
/** One caller never has all places. */
const AT_ONCE_PER_CALLER = 2
const WAITING_PER_CALLER = 64
/** Below the 1.5 s in which every route answers that needs the store. */
const PATIENCE_MS = 1_000

export type Turns = {
  /** Route hook for what comes after the body: RATE_LIMITED when too many wait, or for too long. */
  wait: onRequestHookHandler
}

type Waiting = { caller: string; begin(): void }

export function createTurns(): Turns {
  const running = new Map<string, number>()
  let inAll = 0
  const waiting: Waiting[] = []

  const runningOf = (caller: string) => running.get(caller) ?? 0
  const mayBegin = (caller: string) => inAll < AT_ONCE && runningOf(caller) < AT_ONCE_PER_CALLER

  function count(caller: string, change: 1 | -1): void {
    inAll += change
    const left = runningOf(caller) + change
    if (left === 0) running.delete(caller)
    else running.set(caller, left)
  }

  function end(caller: string): void {
    count(caller, -1)
    // First come, first served, but for callers that have all that they may.
    const next = waiting.findIndex((one) => mayBegin(one.caller))
    if (next >= 0) waiting.splice(next, 1)[0]?.begin()
  }

  return {
    wait(request, reply, done) {
      const { name: caller } = callerOf(request)
      // It would never close again.
      if (reply.raw.destroyed) return done(new GatewayError('INVALID_REQUEST', 'the client has gone'))
      const begin = () => {
        count(caller, 1)
        reply.raw.once('close', () => end(caller))
        done()
      }
      if (mayBegin(caller)) return begin()
      if (waiting.filter((one) => one.caller === caller).length >= WAITING_PER_CALLER) return done(tooMany())
      const leave = () => {
        clearTimeout(timer)
        reply.raw.off('close', leave)
        const at = waiting.indexOf(mine)
        if (at >= 0) waiting.splice(at, 1)
      }
      const timer = setTimeout(() => {
        leave()
        done(tooMany())
      }, PATIENCE_MS)
      const mine: Waiting = {
        caller,
        begin: () => {
          leave()
          begin()
        },
      }
      // Its client may go before it begins.
      reply.raw.once('close', leave)
      waiting.push(mine)
    },
  }
}

function tooMany(): GatewayError {
  return new GatewayError('RATE_LIMITED', 'too many long requests of this caller at once', { retry: true, retryAfterSeconds: 1 })
}
