// Owns: how many long requests of the internal listener (lists, searches, changes of subscriptions, large bodies) are
// worked on at once, in all and of one caller, and for how much of the time. The same event loop takes WeChat's pushes.
import type { Config } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyReply, FastifyRequest, onRequestHookHandler, preParsingHookHandler } from 'fastify'
import { callerOf } from '../auth/authenticate.ts'
import { MAX_BODY_BYTES } from '../http/limits.ts'

/** Slots of a process. A request holds its slot until its answer is sent or its client has disconnected. */
const AT_ONCE = 4
/** Slots of one caller: never all of them. */
const AT_ONCE_PER_CALLER = 2
/**
 * A slot that was held for n ms stays unused for 4 n ms: one caller gets at most a fifth of the event loop's time per
 * slot.
 */
const REST_FACTOR = 4
/** And 1 ms more for each KiB of the body: every process reads a changed subscription again. */
const REST_MS_PER_KIB = 1
const MAX_REST_MS = 500
const WAITING_PER_CALLER = 256
/** Routes that need the store answer within 1.5 s, the wait for a slot included. */
const MAX_WAIT_MS = 1_000
/** Smaller ones are parsed in well under a millisecond. */
const LARGE_BODY_BYTES = 16_384

/** Hooks: RATE_LIMITED when too many requests of the caller wait, or one for too long. */
export type RequestSlots = {
  /** For routes that take long because they wait. Runs after the body is read. */
  wait: onRequestHookHandler
  /** For routes that keep the process busy: the slot rests afterwards. Runs after the body is read. */
  long: onRequestHookHandler
  /** As `wait`, for routes that read from every shard: with a single one they are short. */
  everyShard: onRequestHookHandler
  /** For all routes, when the body is large. Runs before the body is parsed. */
  largeBody: preParsingHookHandler
}

type Waiting = { caller: string; begin(): void }
type SlotRequest = { request: FastifyRequest; reply: FastifyReply; isBusy: boolean }
type Done = (error?: Error) => void

export function createRequestSlots({ messageShards }: Pick<Config, 'messageShards'>): RequestSlots {
  /** The slots that each caller holds, or that rest because of it. */
  const taken = new Map<string, number>()
  const holding = new WeakSet<FastifyRequest>()
  const waiting: Waiting[] = []
  let running = 0

  const takenBy = (caller: string) => taken.get(caller) ?? 0
  const mayBegin = (caller: string) => running < AT_ONCE && takenBy(caller) < AT_ONCE_PER_CALLER

  /** In the order of arrival, skipping callers that have all their slots. */
  function beginNext(): void {
    const next = waiting.findIndex((one) => mayBegin(one.caller))
    if (next >= 0) waiting.splice(next, 1)[0]?.begin()
  }

  function release(caller: string): void {
    if (takenBy(caller) === 1) taken.delete(caller)
    else taken.set(caller, takenBy(caller) - 1)
    beginNext()
  }

  function begin(caller: string, { request, reply, isBusy, done }: SlotRequest & { done: Done }): void {
    const startedAt = performance.now()
    taken.set(caller, takenBy(caller) + 1)
    running += 1
    holding.add(request)
    reply.raw.once('close', () => {
      running -= 1
      const restMs = (performance.now() - startedAt) * REST_FACTOR + (bodyBytes(request) / 1_024) * REST_MS_PER_KIB
      if (isBusy) setTimeout(release, Math.min(restMs, MAX_REST_MS), caller).unref()
      else release(caller)
      beginNext()
    })
    done()
  }

  function wait({ request, reply, isBusy }: SlotRequest, done: Done): void {
    const { name: caller } = callerOf(request)
    if (holding.has(request)) return done()
    // The client has disconnected: `close` is not emitted again.
    if (reply.raw.destroyed) return done(new GatewayError('INVALID_REQUEST', 'the client has gone'))
    if (mayBegin(caller)) return begin(caller, { request, reply, isBusy, done })
    if (waiting.filter((one) => one.caller === caller).length >= WAITING_PER_CALLER) return done(tooMany())
    const leave = () => {
      clearTimeout(timer)
      reply.raw.off('close', leave)
      const at = waiting.indexOf(entry)
      if (at >= 0) waiting.splice(at, 1)
    }
    const timer = setTimeout(() => {
      leave()
      done(tooMany())
    }, MAX_WAIT_MS)
    const entry: Waiting = {
      caller,
      begin: () => {
        leave()
        begin(caller, { request, reply, isBusy, done })
      },
    }
    // The client may disconnect while the request waits.
    reply.raw.once('close', leave)
    waiting.push(entry)
  }

  return {
    wait: (request, reply, done) => wait({ request, reply, isBusy: false }, done),
    everyShard(request, reply, done) {
      if (messageShards === 1) done()
      else wait({ request, reply, isBusy: false }, done)
    },
    long: (request, reply, done) => wait({ request, reply, isBusy: true }, done),
    // oxlint-disable-next-line max-params -- Fastify's own signature
    largeBody(request, reply, _payload, done) {
      if (bodyBytes(request) <= LARGE_BODY_BYTES) done()
      else wait({ request, reply, isBusy: true }, done)
    },
  }
}

/** By its Content-Length. A chunked body counts as the largest that is accepted. */
function bodyBytes({ headers }: FastifyRequest): number {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : MAX_BODY_BYTES
}

function tooMany(): GatewayError {
  return new GatewayError('RATE_LIMITED', 'too many long requests of this caller at once', {
    retry: true,
    retryAfterSeconds: 1,
  })
}
