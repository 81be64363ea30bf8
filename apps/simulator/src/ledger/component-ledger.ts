// Owns: which tickets, component_access_tokens and pre_auth_codes are valid now.
import { Refusal } from '../api/refusal.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { ForgettingMap } from './forgetting-map.ts'
import { newPreAuthCode, newTicket, newToken } from './opaque-values.ts'

export type TokenStanding = 'valid' | 'expired' | 'superseded' | 'unknown'

export type ComponentLedger = {
  issueTicket(): string
  latestTicket(): string | undefined
  /** Any ticket younger than its lifetime will do. Refuses with 61006 (unknown) or 61005 (too old). */
  issueToken(ticket: string): { token: string; expiresInSeconds: number }
  standingOf(token: string): TokenStanding
  currentToken(): string | undefined
  issuePreAuthCode(): { preAuthCode: string; expiresInSeconds: number }
  /** Is it one of ours, not too old, and not yet confirmed on a page? */
  isPreAuthCodeUsable(code: string): boolean
  spendPreAuthCode(code: string): void
}

type IssuedToken = { issuedAtMs: number; expiresAtMs: number; diesAtMs: number }
type IssuedPreAuthCode = { expiresAtMs: number; spent: boolean }

const REMEMBERED = 10_000

export function createComponentLedger({
  clock,
  settings,
}: {
  clock: SimulationClock
  settings: () => Settings
}): ComponentLedger {
  const tickets = new ForgettingMap<number>(REMEMBERED)
  const tokens = new ForgettingMap<IssuedToken>(REMEMBERED)
  const preAuthCodes = new ForgettingMap<IssuedPreAuthCode>(REMEMBERED)
  let latestTicket: string | undefined
  let current: string | undefined

  function standingOf(token: string): TokenStanding {
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
      if (issuedAtMs === undefined) throw new Refusal(61006)
      if (now - issuedAtMs >= settings().ticketLifetimeSeconds * 1000) throw new Refusal(61005)
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
    standingOf,
    currentToken: () => (current !== undefined && standingOf(current) === 'valid' ? current : undefined),
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
