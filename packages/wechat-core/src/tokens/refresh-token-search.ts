// Owns: searching refresh tokens in WeChat's own list of authorizers, the last source of one. WeChat only pages through
// the list, so all pending searches share one walk.
import { setTimeout as delay } from 'node:timers/promises'
import { AUTHORIZER_LIST_PAGE_SIZE } from '../api/component-api.ts'
import type { AuthorizerListPage, ComponentApi } from '../api/apis.ts'
import { WeChatTransportError } from '../errors.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import type { ComponentTokens } from './component-tokens.ts'

export type RefreshTokenSearch = {
  /**
   * The authorizer's refresh token, from a page requested after this call; undefined when a whole walk has found none.
   * At most one call to WeChat runs at a time. When a page fails, all pending searches reject with its error. When
   * `signal` aborts, only this one rejects, with WECHAT_API_TIMEOUT; the walk goes on and caches its result for a
   * minute for the next call.
   */
  find(appId: AuthorizerAppId, signal: AbortSignal): Promise<Secret | undefined>
}

type RefreshTokenSearchDeps = {
  api: Pick<ComponentApi, 'getAuthorizerList'>
  componentTokens: Pick<ComponentTokens, 'withToken'>
}

const LIST_API = 'api_get_authorizer_list'
/** From the start of one walk to the start of the next, also after a failure. */
const WALK_INTERVAL_MS = 2_000
/** Delay before a walk: several refresh tokens are often lost at once, and their searches then share it. */
const GATHER_MS = 100
/** How long a result that nobody has taken stays cached. */
const CACHE_MS = 60_000

type PendingSearch = {
  answer: Promise<Secret | undefined>
  /** `undefined`: not in the list. */
  resolve(found: Secret | undefined): void
  reject(error: unknown): void
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/Account_Authorization/api_get_authorizer_list.html
 */
export function createRefreshTokenSearch({ api, componentTokens }: RefreshTokenSearchDeps): RefreshTokenSearch {
  /** Pending searches. */
  const pending = new Map<AuthorizerAppId, PendingSearch>()
  /** Results that nobody has taken yet. */
  const cached = new Map<AuthorizerAppId, PendingSearch>()
  let isWalking = false
  let walkedAtMs = -Infinity

  async function find(appId: AuthorizerAppId, signal: AbortSignal): Promise<Secret | undefined> {
    const search = cached.get(appId) ?? pending.get(appId) ?? startSearch(appId)
    if (!isWalking && pending.size > 0) void walkWhilePending()
    const found = await beforeEnd(search.answer, signal)
    if (cached.get(appId) === search) cached.delete(appId)
    return found
  }

  function startSearch(appId: AuthorizerAppId): PendingSearch {
    const { promise, resolve, reject } = withResolvers<Secret | undefined>()
    // The caller may have timed out.
    promise.catch(() => undefined)
    const search: PendingSearch = { answer: promise, resolve, reject }
    pending.set(appId, search)
    return search
  }

  function settle(appId: AuthorizerAppId, found: Secret | undefined): void {
    const search = pending.get(appId)
    if (!search) return
    pending.delete(appId)
    cached.set(appId, search)
    setTimeout(() => {
      if (cached.get(appId) === search) cached.delete(appId)
    }, CACHE_MS).unref()
    search.resolve(found)
  }

  /** Never rejects. A walk that fails rejects all pending searches. */
  async function walkWhilePending(): Promise<void> {
    isWalking = true
    try {
      while (pending.size > 0) {
        await delay(Math.max(GATHER_MS, walkedAtMs + WALK_INTERVAL_MS - performance.now()))
        walkedAtMs = performance.now()
        await walk()
      }
    } catch (error) {
      for (const search of pending.values()) search.reject(error)
      pending.clear()
    } finally {
      isWalking = false
    }
  }

  /**
   * Ends when all searches that were pending at its start have a result. Later ones may have missed a page: they wait
   * for the next walk.
   */
  async function walk(): Promise<void> {
    const pendingAtStart = [...pending.keys()]
    for (let offset = 0, total = 0, isLast = false; !isLast && pendingAtStart.some((appId) => pending.has(appId));) {
      // Searches that start while the page is being fetched must not take their result from it: it may be older.
      const pendingAtRequest = new Set(pending.keys())
      const page = await readPage(offset)
      for (const { authorizerAppId, refreshToken } of page.items)
        if (pendingAtRequest.has(authorizerAppId)) settle(authorizerAppId, refreshToken)
      // Accounts that left the list since the last page have shifted later ones into the part already read: go back.
      const moved = Math.max(0, total - page.totalCount)
      total = page.totalCount
      offset = moved > 0 ? Math.max(0, offset - moved) : offset + page.items.length
      isLast = moved === 0 && (page.items.length === 0 || offset >= total)
    }
    for (const appId of pendingAtStart) settle(appId, undefined)
  }

  function readPage(offset: number): Promise<AuthorizerListPage> {
    return componentTokens.withToken((token) =>
      api.getAuthorizerList(token, { offset, count: AUTHORIZER_LIST_PAGE_SIZE }),
    )
  }

  return { find }
}

/** Removes its listener at the end: callers may reuse one signal. */
async function beforeEnd<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = withResolvers<never>()
  const onAbort = () => {
    ended.reject(
      new WeChatTransportError('WECHAT_API_TIMEOUT', LIST_API, `${LIST_API} did not end within the time of its caller`),
    )
  }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([answer, ended.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
