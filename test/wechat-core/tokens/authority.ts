// Owns: the token rules of several processes over one set of memory stores and one WeChat.
import {
  createAccountLookup,
  createAuthorizerTokens,
  createCodeExchange,
  createComponentTokens,
  type RefreshTokenSearch,
  Secret,
} from '@wxgw/wechat-core'
import { createMemoryAuthorizers } from '../../memory-stores/authorizers.ts'
import { createMemoryCodes } from '../../memory-stores/codes.ts'
import { createMemoryComponentTokens } from '../../memory-stores/component-tokens.ts'
import { settableClock } from '../../memory-stores/settable-clock.ts'
import { playedWeChat } from './played-wechat.ts'

export const LEASE_MS = 10_000
export const FORCE_MIN_INTERVAL_MS = 60_000

export function tokenAuthority() {
  const clock = settableClock()
  const wechat = playedWeChat()
  const codes = createMemoryCodes({ clock })
  const authorizers = createMemoryAuthorizers({ codes, clock })
  const components = createMemoryComponentTokens({ clock })
  const notices: string[] = []

  function openProcess() {
    const common = { api: wechat.api, refreshMarginSeconds: 600, forceMinIntervalMs: FORCE_MIN_INTERVAL_MS }
    const componentTokens = createComponentTokens({ ...common, store: components })
    /** Without the pauses of the real one between two walks. */
    const search: RefreshTokenSearch = {
      find: (appId) =>
        componentTokens.withToken(async (token) => {
          const { items } = await wechat.api.getAuthorizerList(token, { offset: 0, count: 500 })
          return items.find(({ authorizerAppId }) => authorizerAppId === appId)?.refreshToken
        }),
    }
    const accounts = createAccountLookup({ api: wechat.api, componentTokens, search })
    return {
      componentTokens,
      tokens: createAuthorizerTokens({
        ...common,
        store: authorizers,
        componentTokens,
        search,
        onRefreshed: (appId) => notices.push(`refreshed ${appId}`),
        onReauthorizationRequired: (appId) => notices.push(`reauthorization required ${appId}`),
        onRefreshFailing: (appId, { streak }) => notices.push(`refreshes of ${appId} fail: ${streak}`),
        onOutcome: (outcome) => notices.push(outcome),
      }),
      exchange: createCodeExchange({ ...common, codes, authorizations: authorizers, componentTokens, accounts, clock }),
    }
  }

  return { clock, wechat, codes, authorizers, components, notices, openProcess }
}

export type TokenAuthority = ReturnType<typeof tokenAuthority>

/** With a ticket, and as many processes as are taken from it. */
export async function startedAuthority() {
  const authority = tokenAuthority()
  await authority.components.saveTicket(new Secret('ticket'))
  return { ...authority, a: authority.openProcess(), b: authority.openProcess() }
}

/** Whoever reads within one turn of the event loop shares a read: what is asked after this sees the store anew. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}
