// Owns: the valid tickets, component_access_tokens and pre_auth_codes.
import { ApiError } from '../api/api-error.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { BoundedMap } from './bounded-map.ts'
import { newPreAuthCode, newTicket, newToken } from './opaque-values.ts'

export type TokenState = 'valid' | 'expired' | 'superseded' | 'unknown'

export type ComponentLedger = {
  issueTicket(): string
  latestTicket(): string | undefined
  /** Takes any unexpired ticket. Refuses with 61006 (unknown) or 61005 (expired). */
  issueToken(ticket: string): { token: string; expiresInSeconds: number }
  stateOf(token: string): TokenState
  currentToken(): string | undefined
  issuePreAuthCode(): { preAuthCode: string; expiresInSeconds: number }
  /** Whether it was issued, is not expired, and was not used to confirm an authorization. */
  isPreAuthCodeUsable(code: string): boolean
  spendPreAuthCode(code: string): void
}

type IssuedToken = { issuedAtMs: number; expiresAtMs: number; diesAtMs: number }
type IssuedPreAuthCode = { expiresAtMs: number; spent: boolean }

const MAX_ENTRIES = 10_000

export function createComponentLedger({
  clock,
  settings,
}: {
  clock: SimulationClock
  settings: () => Settings
}): ComponentLedger {
  const tickets = new BoundedMap<number>(MAX_ENTRIES)
  const tokens = new BoundedMap<IssuedToken>(MAX_ENTRIES)
  const preAuthCodes = new BoundedMap<IssuedPreAuthCode>(MAX_ENTRIES)
  let latestTicket: string | undefined
  let current: string | undefined

  function stateOf(token: string): TokenState {
    const issued = tokens.get(token)
    if (!issued) return 'unknown'
    const now = clock.nowMs()
    if (now >= issued.expiresAtMs) return 'expired'
    return now >= issued.diesAtMs ? 'superseded' : 'valid'
  }

  return {
    issueTicket: () => {
      latestTicket = newTicket()
      tickets.set(latestTicket, clock.nowMs())
      return latestTicket
    },
    latestTicket: () => latestTicket,
    issueToken: (ticket) => {
      const issuedAtMs = tickets.get(ticket)
      const now = clock.nowMs()
      if (issuedAtMs === undefined) throw new ApiError(61006)
      if (now - issuedAtMs >= settings().ticketLifetimeSeconds * 1000) throw new ApiError(61005)
      const previous = current === undefined ? undefined : tokens.get(current)
      if (previous) previous.diesAtMs = now + settings().componentTokenOverlapSeconds * 1000
      current = newToken()
      const expiresInSeconds = settings().tokenLifetimeSeconds
      tokens.set(current, {
        issuedAtMs: now,
        expiresAtMs: now + expiresInSeconds * 1000,
        diesAtMs: Number.POSITIVE_INFINITY,
      })
      return { token: current, expiresInSeconds }
    },
    stateOf,
    currentToken: () => (current !== undefined && stateOf(current) === 'valid' ? current : undefined),
    issuePreAuthCode: () => {
      const preAuthCode = newPreAuthCode()
      const expiresInSeconds = settings().preAuthCodeLifetimeSeconds
      preAuthCodes.set(preAuthCode, { expiresAtMs: clock.nowMs() + expiresInSeconds * 1000, spent: false })
      return { preAuthCode, expiresInSeconds }
    },
    isPreAuthCodeUsable: (code) => {
      const issued = preAuthCodes.get(code)
      return issued !== undefined && !issued.spent && clock.nowMs() < issued.expiresAtMs
    },
    spendPreAuthCode: (code) => {
      const issued = preAuthCodes.get(code)
      if (issued) issued.spent = true
    },
  }
}
