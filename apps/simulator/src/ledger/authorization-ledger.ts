// Owns: who authorized the component, which authorization codes are unspent, which authorizer tokens are valid now.
import { type Account, type Accounts, type FuncInfo, funcInfoOnTheWire } from '../accounts.ts'
import { Refusal } from '../api/refusal.ts'
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import type { TokenStanding } from './component-ledger.ts'
import { ForgettingMap } from './forgetting-map.ts'
import { newAuthorizationCode, newRefreshToken, newToken } from './opaque-values.ts'

export type IssuedAuthorization = {
  authorizationCode: string
  /** `unchanged`: the account had granted the same before. WeChat pushes nothing then. */
  change: 'authorized' | 'updateauthorized' | 'unchanged'
  authorizedAtSeconds: number
}

/** undefined for both tokens: the account granted no API permission. */
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
  /** Spends the code, issues a new refresh token, kills every token before it. Refuses with 61009, 61010. */
  exchange(code: string): ExchangedCode
  ownerOfCode(code: string): string | undefined
  /** Refuses with 61003 (not authorized), 61023 (wrong or superseded refresh token). */
  refresh(appId: string, refreshToken: string): { accessToken: string; refreshToken: string; expiresInSeconds: number }
  ownerOfAccessToken(token: string): { appId: string; standing: TokenStanding | 'revoked' } | undefined
  /** The newest access token, when it has not expired. */
  currentAccessToken(appId: string): string | undefined
  /** '' when no code of the authorization was ever exchanged; undefined when not authorized. */
  currentRefreshToken(appId: string): string | undefined
  /** In the order of authorization. */
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
  /** Refresh tokens that rotation left alive for a while. */
  graceRefreshTokens: Map<string, number>
}
type IssuedCode = { appId: string; issuedAtMs: number; state: 'unspent' | 'spent' | 'void' }

// Enough for ten thousand accounts with several generations each.
const REMEMBERED = 100_000

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
  const codes = new ForgettingMap<IssuedCode>(REMEMBERED)
  const unspentCodes = new Map<string, Set<string>>()
  const accessTokens = new ForgettingMap<IssuedAccessToken>(REMEMBERED)

  function issueAccessToken(appId: string, grant: Grant, previousLivesSeconds: number): string {
    const now = clock.nowMs()
    endAccessToken(grant, now + previousLivesSeconds * 1000)
    const token = newToken()
    const expiresAtMs = now + settings().tokenLifetimeSeconds * 1000
    accessTokens.set(token, { appId, expiresAtMs, diesAtMs: Number.POSITIVE_INFINITY })
    grant.accessToken = token
    liveTokens(appId).add(token)
    return token
  }

  // Every access token of an account that an overlap may still keep alive: an exchange kills them all.
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

  function killTokens(appId: string, grant: Grant) {
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

  function forgetDeadTokens(appId: string) {
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
      const unknown = { accessToken: undefined, refreshToken: '', graceRefreshTokens: new Map<string, number>() }
      // Removed first, so that the list stays in the order of authorization.
      if (!known?.authorized) grants.delete(appId)
      grants.set(appId, { ...(known ?? unknown), authorized: true, authorizedAtSeconds, funcInfo })
      return { authorizationCode: issueCode(appId), change, authorizedAtSeconds }
    },

    revoke: (appId) => {
      accounts.get(appId)
      const grant = grants.get(appId)
      if (!grant) return
      killTokens(appId, grant)
      voidCodes(appId)
      grant.authorized = false
    },

    exchange: (code) => {
      const issued = codes.get(code)
      const grant = issued && grants.get(issued.appId)
      if (!issued || !grant?.authorized || issued.state !== 'unspent') throw new Refusal(61009)
      if (clock.nowMs() - issued.issuedAtMs >= settings().authorizationCodeLifetimeSeconds * 1000)
        throw new Refusal(61010)
      const { appId } = issued
      issued.state = 'spent'
      unspentCodes.get(appId)?.delete(code)
      killTokens(appId, grant)
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
      if (!grant?.authorized) throw new Refusal(61003)
      if (!isRefreshTokenAlive(grant, refreshToken)) throw new Refusal(61023)
      forgetDeadTokens(appId)
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
      if (!grants.get(appId)?.authorized) return { appId, standing: 'revoked' }
      if (now >= issued.expiresAtMs) return { appId, standing: 'expired' }
      return { appId, standing: now >= issued.diesAtMs ? 'superseded' : 'valid' }
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
      funcInfoOnTheWire(sets)
        .map((set) => JSON.stringify(set))
        .sort(),
    )
  return canonical(left) === canonical(right)
}
