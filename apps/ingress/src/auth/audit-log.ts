// Owns: which calls the audit log of the console has: each change, and each read of a secret or of users' content.
// Repeated reads of a service become one entry a minute with their number, so that they do not push out all other
// entries.
import type { AuditEntry } from '@wxgw/contracts'
import type { RecentEntries } from '@wxgw/redis'
import type { FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Services call it for each message: entries are counted per minute, as for reads. */
    isFrequent?: boolean
  }
  interface FastifyRequest {
    /** The answer may contain what a user wrote. */
    showsContent: boolean
  }
}

export type AuditLog = { note(request: FastifyRequest, reply: FastifyReply, subject: Subject): void }
type Subject = { platform?: string | undefined; authorizer?: string | undefined; subscription?: string | undefined }

type Deps = { entries: Pick<RecentEntries<AuditEntry>, 'note'>; nowMs(): number }

const MINUTE_MS = 60_000
/** Accounts per caller and route with an entry of their own within a minute; the others share one. */
const MAX_OWN_ENTRIES = 20
const SIGN_IN = '/console/session'

export function createAuditLog({ entries, nowMs }: Deps): AuditLog {
  /** The counted entries of this minute. */
  let counted = new Map<string, AuditEntry>()
  let toldApart = new Map<string, number>()
  let closing: NodeJS.Timeout | undefined

  function close(): void {
    const repeated = [...counted.values()].filter(({ count }) => count > 0)
    counted = new Map()
    toldApart = new Map()
    closing = undefined
    for (const entry of repeated) entries.note(entry)
  }

  function count(entry: AuditEntry): void {
    closing ??= setTimeout(close, MINUTE_MS).unref()
    const { caller, route, outcome, by, platform, authorizer, subscription } = entry
    // No part holds a NUL: names of callers, patterns of routes, codes, ids that were checked.
    const group = `${caller ?? ''}\0${route}\0${outcome}\0${by}`
    const one = `${group}\0${platform ?? ''}\0${authorizer ?? ''}\0${subscription ?? ''}`
    if (countOneMore(one, entry)) return
    const number = toldApart.get(group) ?? 0
    if (number >= MAX_OWN_ENTRIES && countOneMore(group, entry)) return
    toldApart.set(group, number + 1)
    const isTogether = number >= MAX_OWN_ENTRIES
    const first = isTogether ? { ...entry, authorizer: null, subscription: null } : entry
    counted.set(isTogether ? group : one, { ...first, count: 0 })
    entries.note(first)
  }

  /**
   * False for the first of this minute. The entry is changed in place: services read tokens thousands of times a
   * second.
   */
  function countOneMore(key: string, { atMs, requestId }: AuditEntry): boolean {
    const known = counted.get(key)
    if (known === undefined) return false
    known.count += 1
    known.atMs = atMs
    known.requestId = requestId
    return true
  }

  return {
    note(request, reply, { platform, authorizer, subscription }) {
      const { method, routeOptions, caller, neededAction, bySession, refusedWith, showsContent } = request
      const { answersCredentials = false, isFrequent = false, isPassedOn = false } = routeOptions.config
      // Each call of WeChat's APIs by a service has its own log line; here they would push out all other entries.
      if (isPassedOn && !bySession) return
      const isRead = method === 'GET' && !isPassedOn
      if (isRead && !answersCredentials && !showsContent) return
      // Requests without a valid key could flood the log. Wrong keys at the sign-in are limited, so they are kept.
      if (caller === undefined && !(routeOptions.url === SIGN_IN && refusedWith === 'UNAUTHENTICATED')) return
      const entry: AuditEntry = {
        atMs: nowMs(),
        caller: caller?.name ?? null,
        action: (isRead && showsContent ? 'events:content' : neededAction) ?? null,
        method,
        route: routeOptions.url ?? '',
        platform: platform ?? null,
        authorizer: authorizer ?? null,
        subscription: subscription ?? null,
        outcome: refusedWith ?? 'OK',
        statusCode: reply.statusCode,
        by: bySession ? 'session' : 'key',
        count: 1,
        requestId: request.id,
      }
      const isRepeated = !bySession && (isRead || answersCredentials || isFrequent)
      if (isRepeated) count(entry)
      else entries.note(entry)
    },
  }
}
