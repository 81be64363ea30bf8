// Owns: recovering an account that authorized when its code fails, by other APIs of WeChat, and when to do so.
import type { AuthorizerDetails, ComponentApi, FuncInfo } from '../api/apis.ts'
import { WeChatApiError } from '../errors.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import type { ComponentTokens } from './component-tokens.ts'
import type { RefreshTokenSearch } from './refresh-token-search.ts'
import { isAmbiguous, refusalKind } from './refusal.ts'

/** WeChat's rule: an authorization code is valid for an hour. */
export const CODE_LIFE_MS = 3600_000
/** While the push is younger than this, a refusal other than "code spent" leads to another try of the code. */
const FINAL_AFTER_MS = 60_000
/** The list has many pages: its search may take as long as a whole exchange. */
const SEARCH_BUDGET_MS = 9_000

type FoundAccount = {
  /** api_get_authorizer_info says that the account is authorized. */
  isKnown: boolean
  refreshToken: Secret | undefined
  funcInfo: FuncInfo | undefined
  listSearched: boolean
}

export type AccountLookup = {
  /**
   * Calls api_get_authorizer_info and, when that gives no refresh token, api_get_authorizer_list; the second may know
   * an account that the first refuses. Rejects when WeChat does not answer or refuses the list.
   */
  find(appId: AuthorizerAppId, options: { searchesList: boolean }): Promise<FoundAccount>
}

type AccountLookupDeps = {
  api: Pick<ComponentApi, 'getAuthorizerInfo'>
  componentTokens: Pick<ComponentTokens, 'withToken'>
  search: RefreshTokenSearch
}

export function createAccountLookup({ api, componentTokens, search }: AccountLookupDeps): AccountLookup {
  async function authorizerInfo(appId: AuthorizerAppId): Promise<AuthorizerDetails | undefined> {
    try {
      return await componentTokens.withToken((componentToken) => api.getAuthorizerInfo(componentToken, appId))
    } catch (error) {
      if (error instanceof WeChatApiError) return undefined
      throw error
    }
  }

  return {
    async find(appId, { searchesList }) {
      const details = await authorizerInfo(appId)
      const listSearched = searchesList && !details?.authorizerRefreshToken
      const refreshToken = listSearched
        ? await search.find(appId, AbortSignal.timeout(SEARCH_BUDGET_MS))
        : details?.authorizerRefreshToken
      return { isKnown: details !== undefined, refreshToken, funcInfo: details?.funcInfo, listSearched }
    },
  }
}

/** Whether this failure of api_query_auth, `ageMs` after the push, calls for a lookup. */
export function isLookUpDue(error: unknown, ageMs: number): boolean {
  const kind = refusalKind(error)
  // A failure of our own store shows nothing about the code, and without a ticket no API can be called.
  if (kind === undefined && !isAmbiguous(error)) return false
  if (kind === 'authorization-code-invalid' || ageMs >= CODE_LIFE_MS) return true
  switch (kind) {
    case undefined:
    case 'busy':
    case 'access-token-invalid':
    case 'ticket-invalid':
    case 'quota-minute':
    case 'ip-not-allowed':
      // The errcode is not about this code or this account.
      return false
    default:
      return ageMs >= FINAL_AFTER_MS
  }
}
