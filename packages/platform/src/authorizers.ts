// Owns: reading authorizers: one, a page, or the owner of an original id (gh_…).
import type { AuthorizationHistory, AuthorizerIndex, AuthorizerStore } from '@wxgw/redis'
import { type AuthorizerAppId, type Clock, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { Authorizers } from './platform.ts'

/** The size of the cache of original ids, which saves each push a read of Redis. */
const MAX_CACHED_USER_NAMES = 100_000
/** How long an unknown id is cached. A known one never changes its account. */
const UNKNOWN_TTL_MS = 5_000

type Known = { appId: AuthorizerAppId | undefined; untilMs: number }

type Deps = { store: AuthorizerStore; index: AuthorizerIndex; history: AuthorizationHistory; clock: Clock }

export function createAuthorizers({ store, index, history, clock }: Deps): Authorizers {
  const userNames = new Map<string, Known>()

  async function ownerOfUserName(userName: string): Promise<AuthorizerAppId | undefined> {
    const known = userNames.get(userName)
    if (known && known.untilMs > clock.nowMs()) return known.appId
    const appId = await store.ownerOfUserName(userName)
    userNames.delete(userName)
    userNames.set(userName, { appId, untilMs: appId ? Infinity : clock.nowMs() + UNKNOWN_TTL_MS })
    if (userNames.size > MAX_CACHED_USER_NAMES) {
      const [oldest] = userNames.keys()
      if (oldest !== undefined) userNames.delete(oldest)
    }
    return appId
  }

  const list: Authorizers['list'] = async ({ limit, cursor, only, filter }) => {
    if (filter !== undefined) return index.find({ ...filter, limit, cursor, only })
    const after = cursor === undefined ? undefined : (parseAuthorizerAppId(cursor) ?? '')
    // One more than the limit, to know whether there is a next page.
    const found = await store.list({ limit: limit + 1, after, only })
    const items = found.slice(0, limit)
    return { items, nextCursor: found.length > limit ? (items.at(-1)?.appid ?? null) : null }
  }

  return {
    get: (appId) => store.get(appId),
    list,
    buildIndex: () => index.build(),
    history: (appId, page) => history.list(appId, page),
    ownerOfUserName,
    // Only an unknown id expires.
    cachedOwner: (userName) => userNames.get(userName)?.appId,
  }
}
