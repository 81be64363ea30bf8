// Owns: looking refresh tokens up in WeChat's own list of authorizers, the last place that may still know one.
// The list can only be paged through, so that all who wait share one walk.
import { setTimeout as delay } from 'node:timers/promises'
import { AUTHORIZER_LIST_PAGE_SIZE } from '../api/component-api.ts'
import type { AuthorizerListPage, ComponentApi } from '../api/apis.ts'
import { WeChatTransportError } from '../errors.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import type { ComponentTokens } from './component-tokens.ts'

export type RefreshTokenSearch = {
  /**
   * The refresh token that WeChat's list has for this authorizer, from a page that was asked for after this call;
   * undefined when a whole walk has found none. However many authorizers are asked for, there is one call to WeChat at
   * a time. Rejects as the list's API does, for all who wait; with WECHAT_API_TIMEOUT when `signal` ends first: the
   * walk goes on, and what it finds is kept for a minute for whoever asks for the same authorizer again.
   */
  find(appId: AuthorizerAppId, signal: AbortSignal): Promise<Secret | undefined>
}

type RefreshTokenSearchDeps = {
  api: Pick<ComponentApi, 'getAuthorizerList'>
  componentTokens: Pick<ComponentTokens, 'withToken'>
}

const LIST_API = 'api_get_authorizer_list'
/**
 * From the begin of one walk to the begin of the next: what failed, or came too late for one, is no reason to hurry.
 */
const WALK_INTERVAL_MS = 2_000
/** Refresh tokens are seldom lost alone: so long, those who miss theirs at the same moment are waited for. */
const GATHER_MS = 100
/** How long an answer waits for somebody who gave up before it came. */
const KEPT_MS = 60_000

type Wanted = {
  answer: Promise<Secret | undefined>
  /** Says `undefined` for "not in the list". */
  resolve(found: Secret | undefined): void
  reject(error: unknown): void
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/Account_Authorization/api_get_authorizer_list.html
 */
export function createRefreshTokenSearch({ api, componentTokens }: RefreshTokenSearchDeps): RefreshTokenSearch {
  /** Not answered yet. */
  const wanted = new Map<AuthorizerAppId, Wanted>()
  /** Answered, and not taken yet. */
  const kept = new Map<AuthorizerAppId, Wanted>()
  let isWalking = false
  let walkedAtMs = -Infinity

  async function find(appId: AuthorizerAppId, signal: AbortSignal): Promise<Secret | undefined> {
    const asked = kept.get(appId) ?? wanted.get(appId) ?? want(appId)
    if (!isWalking && wanted.size > 0) void walkWhileWanted()
    const found = await beforeEnd(asked.answer, signal)
    if (kept.get(appId) === asked) kept.delete(appId)
    return found
  }

  function want(appId: AuthorizerAppId): Wanted {
    const { promise, resolve, reject } = withResolvers<Secret | undefined>()
    // Who asked may have gone.
    promise.catch(() => undefined)
    const asked: Wanted = { answer: promise, resolve, reject }
    wanted.set(appId, asked)
    return asked
  }

  function settle(appId: AuthorizerAppId, found: Secret | undefined): void {
    const asked = wanted.get(appId)
    if (!asked) return
    wanted.delete(appId)
    kept.set(appId, asked)
    setTimeout(() => {
      if (kept.get(appId) === asked) kept.delete(appId)
    }, KEPT_MS).unref()
    asked.resolve(found)
  }

  /** Never rejects: a walk that fails has failed for all who wait, and nobody is left to walk for. */
  async function walkWhileWanted(): Promise<void> {
    isWalking = true
    try {
      while (wanted.size > 0) {
        await delay(Math.max(GATHER_MS, walkedAtMs + WALK_INTERVAL_MS - performance.now()))
        walkedAtMs = performance.now()
        await walk()
      }
    } catch (error) {
      for (const asked of wanted.values()) asked.reject(error)
      wanted.clear()
    } finally {
      isWalking = false
    }
  }

  /** Ends as soon as nobody is left who was there at its begin: who came later missed pages, and is the next one's. */
  async function walk(): Promise<void> {
    const askedBefore = [...wanted.keys()]
    for (let offset = 0, total = 0, isLast = false; !isLast && askedBefore.some((appId) => wanted.has(appId));) {
      // An answer may be older than a question that came while it was on its way.
      const asked = new Set(wanted.keys())
      const page = await readPage(offset)
      for (const { authorizerAppId, refreshToken } of page.items)
        if (asked.has(authorizerAppId)) settle(authorizerAppId, refreshToken)
      // Whoever has left the list since the page before has moved some that were behind it to where it has been read
      // already.
      const moved = Math.max(0, total - page.totalCount)
      total = page.totalCount
      offset = moved > 0 ? Math.max(0, offset - moved) : offset + page.items.length
      isLast = moved === 0 && (page.items.length === 0 || offset >= total)
    }
    for (const appId of askedBefore) settle(appId, undefined)
  }

  function readPage(offset: number): Promise<AuthorizerListPage> {
    return componentTokens.withToken((token) =>
      api.getAuthorizerList(token, { offset, count: AUTHORIZER_LIST_PAGE_SIZE }),
    )
  }

  return { find }
}

/** A listener that is taken back, since one signal may be asked with more than once. */
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

/** Promise.withResolvers, which Node 20 has not. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
