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

type BySubject = Map<string | null, Map<string | null, Map<string | null, AuditEntry>>>

/** Of a caller, the pattern of a route and an outcome, which are few. */
type Group = {
  /** Accounts and subscriptions with an entry of their own. */
  own: number
  entries: BySubject
  /** Of all others. */
  shared: AuditEntry | undefined
}
type Counted = Pick<AuditEntry, 'caller' | 'route' | 'outcome' | 'platform' | 'authorizer' | 'subscription'>

export function createAuditLog({ entries, nowMs }: Deps): AuditLog {
  /** Of this minute. Maps in maps: one key of all parts took a twentieth of what a token read costs. */
  let groups = new Map<string | null, Map<string, Map<string, Group>>>()
  let counted: AuditEntry[] = []
  let closing: NodeJS.Timeout | undefined

  function close(): void {
    const repeated = counted.filter(({ count }) => count > 0)
    groups = new Map()
    counted = []
    closing = undefined
    for (const entry of repeated) entries.note(entry)
  }

  function groupOf({ caller, route, outcome }: Counted): Group {
    const routes = madeIn(groups, caller, () => new Map<string, Map<string, Group>>())
    const outcomes = madeIn(routes, route, () => new Map<string, Group>())
    return madeIn(outcomes, outcome, () => ({ own: 0, entries: new Map(), shared: undefined }))
  }

  /** The entry that counts this call. undefined for the first of this minute. */
  function knownEntry(call: Counted): AuditEntry | undefined {
    const { own, entries: known, shared } = groupOf(call)
    const one = known.get(call.platform)?.get(call.authorizer)?.get(call.subscription)
    return one ?? (own >= MAX_OWN_ENTRIES ? shared : undefined)
  }

  function noteFirst(entry: AuditEntry): void {
    closing ??= setTimeout(close, MINUTE_MS).unref()
    const group = groupOf(entry)
    const isTogether = group.own >= MAX_OWN_ENTRIES
    const first = isTogether ? { ...entry, authorizer: null, subscription: null } : entry
    const counting = { ...first, count: 0 }
    counted.push(counting)
    if (isTogether) {
      group.shared = counting
    } else {
      group.own += 1
      const accounts = madeIn(
        group.entries,
        entry.platform,
        () => new Map<string | null, Map<string | null, AuditEntry>>(),
      )
      madeIn(accounts, entry.authorizer, () => new Map<string | null, AuditEntry>()).set(entry.subscription, counting)
    }
    entries.note(first)
  }

  return {
    note(request, reply, { platform, authorizer, subscription }) {
      const { method, caller, neededAction, bySession, refusedWith, showsContent } = request
      // Read once: Fastify makes the object anew at each access.
      const { url, config } = request.routeOptions
      const { answersCredentials = false, isFrequent = false, isPassedOn = false } = config
      // Each call of WeChat's APIs by a service has its own log line; here they would push out all other entries.
      if (isPassedOn && !bySession) return
      const isRead = method === 'GET' && !isPassedOn
      if (isRead && !answersCredentials && !showsContent) return
      // Requests without a valid key could flood the log. Wrong keys at the sign-in are limited, so they are kept.
      if (caller === undefined && !(url === SIGN_IN && refusedWith === 'UNAUTHENTICATED')) return
      const call: Counted = {
        caller: caller?.name ?? null,
        route: url ?? '',
        outcome: refusedWith ?? 'OK',
        platform: platform ?? null,
        authorizer: authorizer ?? null,
        subscription: subscription ?? null,
      }
      const isRepeated = !bySession && (isRead || answersCredentials || isFrequent)
      const known = isRepeated ? knownEntry(call) : undefined
      if (known !== undefined) {
        // Changed in place: services read tokens thousands of times a second.
        known.count += 1
        known.atMs = nowMs()
        known.requestId = request.id
        return
      }
      const entry: AuditEntry = {
        atMs: nowMs(),
        caller: call.caller,
        action: (isRead && showsContent ? 'events:content' : neededAction) ?? null,
        method,
        route: call.route,
        platform: call.platform,
        authorizer: call.authorizer,
        subscription: call.subscription,
        outcome: call.outcome,
        statusCode: reply.statusCode,
        by: bySession ? 'session' : 'key',
        count: 1,
        requestId: request.id,
      }
      if (isRepeated) noteFirst(entry)
      else entries.note(entry)
    },
  }
}

/** The value of a key, made when there is none. */
function madeIn<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
