// Owns: the authorizations, their unspent codes and their valid tokens.
import { type Account, type Accounts, type FuncInfo, funcInfoEntries } from '../accounts.ts'
import { ApiError } from '../api/api-error.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import type { TokenState } from './component-ledger.ts'
import { BoundedMap } from './bounded-map.ts'
import { newAuthorizationCode, newRefreshToken, newToken } from './opaque-values.ts'

export type IssuedAuthorization = {
  authorizationCode: string
  /** `unchanged`: the account grants the same sets as before, which WeChat does not push. */
  change: 'authorized' | 'updateauthorized' | 'unchanged'
  authorizedAtSeconds: number
}

/** Without tokens when the account granted no API permission. */
type ExchangedCode = {
  appId: string
  accessToken: string | undefined
  refreshToken: string | undefined
  expiresInSeconds: number
  funcInfo: FuncInfo
}

export type Authorization = { account: Account; authorizedAtSeconds: number; funcInfo: FuncInfo; refreshToken: string }

export type AuthorizationLedger = {
  authorize(appId: string, funcInfo?: FuncInfo): IssuedAuthorization
  revoke(appId: string): void
  /** Spends the code, issues new tokens, revokes all earlier ones. Refuses with 61009, 61010. */
  exchange(code: string): ExchangedCode
  ownerOfCode(code: string): string | undefined
  /** Refuses with 61003 (not authorized), 61023 (wrong or superseded refresh token). */
  refresh(appId: string, refreshToken: string): { accessToken: string; refreshToken: string; expiresInSeconds: number }
  ownerOfAccessToken(token: string): { appId: string; state: TokenState | 'revoked' } | undefined
  /** The newest access token, unless expired. */
  currentAccessToken(appId: string): string | undefined
  /** '': no code has been exchanged yet. undefined: not authorized. */
  currentRefreshToken(appId: string): string | undefined
  /** In order of authorization. */
  all(): Authorization[]
  find(appId: string): Authorization | undefined
}

type IssuedAccessToken = { appId: string; expiresAtMs: number; diesAtMs: number }
type Grant = {
  authorized: boolean
  authorizedAtSeconds: number
  funcInfo: FuncInfo
  accessToken: string | undefined
  refreshToken: string
  /** Rotated refresh tokens that are still valid, with the end of their grace period. */
  graceRefreshTokens: Map<string, number>
}
type IssuedCode = { appId: string; issuedAtMs: number; state: 'unspent' | 'spent' | 'void' }

// Enough for ten thousand accounts with several tokens each.
const MAX_ENTRIES = 100_000

export function createAuthorizationLedger({
  clock,
  settings,
  accounts,
}: {
  clock: SimulationClock
  settings: () => Settings
  accounts: Accounts
}): AuthorizationLedger {
  const grants = new Map<string, Grant>()
  const codes = new BoundedMap<IssuedCode>(MAX_ENTRIES)
  const unspentCodes = new Map<string, Set<string>>()
  const accessTokens = new BoundedMap<IssuedAccessToken>(MAX_ENTRIES)

  function issueAccessToken(appId: string, grant: Grant, overlapSeconds: number): string {
    const now = clock.nowMs()
    endAccessToken(grant, now + overlapSeconds * 1000)
    const token = newToken()
    const expiresAtMs = now + settings().tokenLifetimeSeconds * 1000
    accessTokens.set(token, { appId, expiresAtMs, diesAtMs: Number.POSITIVE_INFINITY })
    grant.accessToken = token
    liveTokens(appId).add(token)
    return token
  }

  // All access tokens of an account that may still be valid by an overlap: an exchange revokes them all.
  const alive = new Map<string, Set<string>>()
  function liveTokens(appId: string): Set<string> {
    const known = alive.get(appId)
    if (known) return known
    const fresh = new Set<string>()
    alive.set(appId, fresh)
    return fresh
  }

  function endAccessToken(grant: Grant, diesAtMs: number) {
    const issued = grant.accessToken === undefined ? undefined : accessTokens.get(grant.accessToken)
    if (issued) issued.diesAtMs = Math.min(issued.diesAtMs, diesAtMs)
  }

  function revokeTokens(appId: string, grant: Grant) {
    const now = clock.nowMs()
    for (const token of liveTokens(appId)) {
      const issued = accessTokens.get(token)
      if (issued) issued.diesAtMs = Math.min(issued.diesAtMs, now)
    }
    liveTokens(appId).clear()
    grant.graceRefreshTokens.clear()
    grant.accessToken = undefined
    grant.refreshToken = ''
  }

  function dropExpiredTokens(appId: string) {
    const now = clock.nowMs()
    for (const token of liveTokens(appId)) {
      const issued = accessTokens.get(token)
      if (!issued || now >= Math.min(issued.expiresAtMs, issued.diesAtMs)) liveTokens(appId).delete(token)
    }
  }

  function issueCode(appId: string): string {
    const code = newAuthorizationCode()
    codes.set(code, { appId, issuedAtMs: clock.nowMs(), state: 'unspent' })
    const unspent = unspentCodes.get(appId) ?? new Set<string>()
    unspentCodes.set(appId, unspent.add(code))
    return code
  }

  function voidCodes(appId: string) {
    for (const code of unspentCodes.get(appId) ?? []) {
      const issued = codes.get(code)
      if (issued) issued.state = 'void'
    }
    unspentCodes.delete(appId)
  }

  function isRefreshTokenAlive(grant: Grant, refreshToken: string): boolean {
    if (refreshToken === '') return false
    if (refreshToken === grant.refreshToken) return true
    return clock.nowMs() < (grant.graceRefreshTokens.get(refreshToken) ?? 0)
  }

  function rotate(grant: Grant) {
    if (settings().refreshTokenRotation === 'rotating-with-grace') {
      grant.graceRefreshTokens.set(grant.refreshToken, clock.nowMs() + settings().refreshTokenGraceSeconds * 1000)
    }
    grant.refreshToken = newRefreshToken()
  }

  function find(appId: string): Authorization | undefined {
    const grant = grants.get(appId)
    if (!grant?.authorized) return undefined
    const { authorizedAtSeconds, funcInfo, refreshToken } = grant
    return { account: accounts.get(appId), authorizedAtSeconds, funcInfo, refreshToken }
  }

  return {
    authorize: (appId, funcInfo = accounts.get(appId).funcInfo) => {
      accounts.get(appId)
      const known = grants.get(appId)
      const authorizedAtSeconds = clock.nowSeconds()
      const change = !known?.authorized
        ? 'authorized'
        : sameSets(known.funcInfo, funcInfo)
          ? 'unchanged'
          : 'updateauthorized'
      const empty = { accessToken: undefined, refreshToken: '', graceRefreshTokens: new Map<string, number>() }
      // Deleted first: the map stays in order of authorization.
      if (!known?.authorized) grants.delete(appId)
      grants.set(appId, { ...(known ?? empty), authorized: true, authorizedAtSeconds, funcInfo })
      return { authorizationCode: issueCode(appId), change, authorizedAtSeconds }
    },

    revoke: (appId) => {
      accounts.get(appId)
      const grant = grants.get(appId)
      if (!grant) return
      revokeTokens(appId, grant)
      voidCodes(appId)
      grant.authorized = false
    },

    exchange: (code) => {
      const issued = codes.get(code)
      const grant = issued && grants.get(issued.appId)
      if (!issued || !grant?.authorized || issued.state !== 'unspent') throw new ApiError(61009)
      if (clock.nowMs() - issued.issuedAtMs >= settings().authorizationCodeLifetimeSeconds * 1000)
        throw new ApiError(61010)
      const { appId } = issued
      issued.state = 'spent'
      unspentCodes.get(appId)?.delete(code)
      revokeTokens(appId, grant)
      const expiresInSeconds = settings().tokenLifetimeSeconds
      const { funcInfo } = grant
      if (!accounts.get(appId).apiPermission) {
        return { appId, accessToken: undefined, refreshToken: undefined, expiresInSeconds, funcInfo }
      }
      grant.refreshToken = newRefreshToken()
      const accessToken = issueAccessToken(appId, grant, 0)
      return { appId, accessToken, refreshToken: grant.refreshToken, expiresInSeconds, funcInfo }
    },

    ownerOfCode: (code) => codes.get(code)?.appId,

    refresh: (appId, refreshToken) => {
      const grant = grants.get(appId)
      if (!grant?.authorized) throw new ApiError(61003)
      if (!isRefreshTokenAlive(grant, refreshToken)) throw new ApiError(61023)
      dropExpiredTokens(appId)
      const isCurrent = refreshToken === grant.refreshToken
      if (isCurrent && settings().refreshTokenRotation !== 'stable') rotate(grant)
      const accessToken = issueAccessToken(appId, grant, settings().accessTokenOverlapSeconds)
      return { accessToken, refreshToken: grant.refreshToken, expiresInSeconds: settings().tokenLifetimeSeconds }
    },

    ownerOfAccessToken: (token) => {
      const issued = accessTokens.get(token)
      if (!issued) return undefined
      const { appId } = issued
      const now = clock.nowMs()
      if (!grants.get(appId)?.authorized) return { appId, state: 'revoked' }
      if (now >= issued.expiresAtMs) return { appId, state: 'expired' }
      return { appId, state: now >= issued.diesAtMs ? 'superseded' : 'valid' }
    },

    currentAccessToken: (appId) => {
      const token = grants.get(appId)?.accessToken
      const issued = token === undefined ? undefined : accessTokens.get(token)
      return issued && clock.nowMs() < issued.expiresAtMs ? token : undefined
    },
    currentRefreshToken: (appId) => find(appId)?.refreshToken,
    all: () => [...grants.keys()].flatMap((appId) => find(appId) ?? []),
    find,
  }
}

function sameSets(left: FuncInfo, right: FuncInfo): boolean {
  const canonical = (sets: FuncInfo) =>
    JSON.stringify(
      funcInfoEntries(sets)
        .map((set) => JSON.stringify(set))
        .sort(),
    )
  return canonical(left) === canonical(right)
}
