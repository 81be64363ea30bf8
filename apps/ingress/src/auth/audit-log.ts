// Owns: which calls stand in the audit log that the console shows: each change, and each read of a secret or of what a
// user wrote. Reads that services repeat are one entry a minute with their number, so that they do not push out
// everything else.
import type { AuditEntry } from '@wxgw/contracts'
import type { RecentEntries } from '@wxgw/redis'
import type { FastifyReply, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Services call it for each message: counted as reads are. */
    isFrequent?: boolean
  }
  interface FastifyRequest {
    /** The answer may hold what a user wrote. */
    showsContent: boolean
  }
}

export type AuditLog = { note(request: FastifyRequest, reply: FastifyReply, subject: Subject): void }
type Subject = { platform?: string | undefined; authorizer?: string | undefined; subscription?: string | undefined }

type Deps = { entries: Pick<RecentEntries<AuditEntry>, 'note'>; nowMs(): number }

const MINUTE_MS = 60_000
/** Accounts of one caller and route that are told apart within a minute; the others are counted together. */
const MOST_TOLD_APART = 20
const SIGN_IN = '/console/session'

export function createAuditLog({ entries, nowMs }: Deps): AuditLog {
  /** Of this minute, by what makes them the same. */
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
    if (number >= MOST_TOLD_APART && countOneMore(group, entry)) return
    toldApart.set(group, number + 1)
    const isTogether = number >= MOST_TOLD_APART
    const first = isTogether ? { ...entry, authorizer: null, subscription: null } : entry
    counted.set(isTogether ? group : one, { ...first, count: 0 })
    entries.note(first)
  }

  /** Changed in place: services read tokens thousands of times a second. False: it is the first of this minute. */
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
      // Calls that services make of WeChat's APIs have a line of the log each, and would be all that stands here.
      if (isPassedOn && !bySession) return
      const isRead = method === 'GET' && !isPassedOn
      if (isRead && !answersCredentials && !showsContent) return
      // Who has no key could write anything into the log; a wrong key at the sign-in is limited.
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
