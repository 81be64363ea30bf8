// Owns: the sessions of the console: the caller and the lifetime of each, and the CSRF check of requests with its
// cookie.
import { hash, randomBytes } from 'node:crypto'
import Csrf from '@fastify/csrf'
import type { EndedSessions } from '@wxgw/redis'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { type Clock, GatewayError, isStoreAway } from '@wxgw/wechat-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isGranted } from '../auth/grants.ts'
import { createSessionCookie, type HeldSession } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer contains a token or a ticket: refused to console sessions. */
    answersCredentials?: boolean
    /**
     * The route shows no secret and must work while Redis is unavailable: it does not check whether the session was
     * ended.
     */
    servesWithoutStore?: boolean
  }
}

export type ConsoleSession = { caller: CallerConfig; held: HeldSession }

export type ConsoleSessions = {
  /** Sets the cookie. */
  begin(request: FastifyRequest, reply: FastifyReply, caller: CallerConfig): ConsoleSession
  /** The session of the cookie. undefined without one, or when it is over. Rejects with STORE_UNAVAILABLE. */
  find(request: FastifyRequest): Promise<ConsoleSession | undefined>
  /**
   * As `find`, and checks the CSRF token: rejects with FORBIDDEN without it, and on a route that answers credentials.
   */
  prove(request: FastifyRequest): Promise<ConsoleSession | undefined>
  /** Sets the cookie again with the time of this use. */
  renew(request: FastifyRequest, reply: FastifyReply, session: ConsoleSession): void
  /** Ends it at every ingress, for good. Rejects with STORE_UNAVAILABLE. */
  end(request: FastifyRequest, reply: FastifyReply, session: ConsoleSession): Promise<void>
  csrfToken(session: ConsoleSession): string
}

export const CSRF_HEADER = 'x-csrf-token'
const IDLE_MS = 12 * 3_600_000
/**
 * An ended session stays stored this much longer than its cookie: another ingress may renew the cookie at the same
 * moment, and clocks differ.
 */
const ENDED_MARGIN_MS = 600_000
/** Minimum time between renewals of the cookie. */
const RENEWED_AFTER_MS = 60_000

type Deps = { config: Pick<Config, 'sealingKeys' | 'callers'>; ended: EndedSessions; clock: Clock }

export function createConsoleSessions({ config, ended, clock }: Deps): ConsoleSessions {
  const cookie = createSessionCookie(config)
  const csrf = Csrf()
  const byName = new Map(config.callers.map((caller) => [caller.name, caller]))

  async function find(request: FastifyRequest): Promise<ConsoleSession | undefined> {
    const held = cookie.read(request)
    if (held === undefined || clock.nowMs() - held.seenAtMs >= IDLE_MS) return undefined
    const caller = byName.get(held.caller)
    if (caller === undefined || digestOf(caller) !== held.keyDigest || !mayUseConsole(caller)) return undefined
    const isOver = await isEnded(request, held.id)
    return isOver ? undefined : { caller, held }
  }

  async function isEnded({ routeOptions }: FastifyRequest, id: string): Promise<boolean> {
    try {
      return await ended.isEnded(id)
    } catch (error) {
      if (isStoreAway(error) && routeOptions.config.servesWithoutStore === true) return false
      throw error
    }
  }

  return {
    find,
    begin(request, reply, caller) {
      const session = {
        caller,
        held: {
          id: randomBytes(16).toString('base64url'),
          caller: caller.name,
          keyDigest: digestOf(caller),
          csrfSecret: csrf.secretSync(),
          seenAtMs: clock.nowMs(),
        },
      }
      cookie.set(request, reply, session.held)
      return session
    },
    async prove(request) {
      const session = await find(request)
      if (session === undefined) return undefined
      const token = request.headers[CSRF_HEADER]
      if (typeof token !== 'string' || !csrf.verify(session.held.csrfSecret, token)) {
        throw new GatewayError('FORBIDDEN', `a session of the console needs its csrfToken in ${CSRF_HEADER}`)
      }
      if (request.routeOptions.config.answersCredentials === true) {
        throw new GatewayError(
          'FORBIDDEN',
          'a session of the console is given no token and no ticket: this needs a key',
        )
      }
      return session
    },
    renew(request, reply, { held }) {
      const seenAtMs = clock.nowMs()
      if (seenAtMs - held.seenAtMs >= RENEWED_AFTER_MS) cookie.set(request, reply, { ...held, seenAtMs })
    },
    async end(request, reply, { held }) {
      await ended.end(held.id, IDLE_MS + ENDED_MARGIN_MS)
      cookie.clear(request, reply)
    },
    csrfToken: ({ held }) => csrf.create(held.csrfSecret),
  }
}

export function mayUseConsole(caller: CallerConfig): boolean {
  const platforms = caller.grants?.flatMap((grant) => grant.platforms ?? [''])
  return platforms === undefined || platforms.some((platform) => isGranted(caller, { platform, action: 'console:use' }))
}

function digestOf({ key }: CallerConfig): string {
  return hash('sha256', key.reveal(), 'base64url').slice(0, 22)
}
