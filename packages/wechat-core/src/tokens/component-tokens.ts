// Owns: the component_access_token of one platform: bought with the newest ticket, kept fresh, replaced when WeChat
// refuses it.
import type { ComponentApi } from '../api/apis.ts'
import type { Secret } from '../secret.ts'
import { refreshDueInMs } from './freshness.ts'
import { componentTicketMissing, describeFailure, failureError, refusalKind } from './refusal.ts'
import { type CommitOutcome, createTokenKeeper, type TokenKeeperStore } from './token-keeper.ts'
import type { CurrentToken } from './authorizer.ts'

/** The component is a subject of the refresh schedule like the authorizers. */
export const COMPONENT_SUBJECT = 'component'
type ComponentSubject = typeof COMPONENT_SUBJECT

/** The token that a refresh got from WeChat, and the claim under which it ran. */
export type IssuedToken = {
  owner: string
  fence: number
  token: Secret
  lifetimeSeconds: number
  /** Duration of the call: the token's life began at WeChat before we got it. */
  elapsedMs: number
  dueInMs: number
}

export type ComponentTokenStore = TokenKeeperStore<ComponentSubject, { ticket: Secret | undefined }> & {
  commit(issued: IssuedToken): Promise<CommitOutcome>
}

export type ComponentTokens = {
  get(options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(refused: Secret): Promise<CurrentToken>
  /** The stored token when it is fresh enough to hand out. Does not call WeChat. */
  peek(): Promise<CurrentToken | undefined>
  refreshNow(): Promise<CurrentToken>
  /** Calls with the current token and, when WeChat refuses that token, once more with a new one. */
  withToken<T>(call: (componentToken: Secret) => Promise<T>): Promise<T>
}

type ComponentTokensDeps = {
  store: ComponentTokenStore
  api: Pick<ComponentApi, 'getComponentToken'>
  refreshMarginSeconds: number
  forceMinIntervalMs: number
  onOutcome?: ((outcome: string) => void) | undefined
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_access_token.html
 */
export function createComponentTokens(deps: ComponentTokensDeps): ComponentTokens {
  const { store, api } = deps
  const keeper = createTokenKeeper<ComponentSubject, { ticket: Secret | undefined }>({
    store,
    describeFailure,
    failureError,
    forceMinIntervalMs: deps.forceMinIntervalMs,
    onOutcome: (_subject, outcome) => deps.onOutcome?.(outcome),
    async refresh({ owner, fence, material, signal }) {
      if (!material.ticket) throw componentTicketMissing()
      const startedAtMs = performance.now()
      const issued = await api.getComponentToken(material.ticket, { signal })
      return store.commit({
        owner,
        fence,
        token: issued.componentAccessToken,
        lifetimeSeconds: issued.expiresInSeconds,
        elapsedMs: Math.round(performance.now() - startedAtMs),
        dueInMs: refreshDueInMs(issued.expiresInSeconds, deps.refreshMarginSeconds),
      })
    },
  })

  const get = (options?: { force?: boolean }) => keeper.get(COMPONENT_SUBJECT, options)
  const reportInvalid = (refused: Secret) => keeper.reportInvalid(COMPONENT_SUBJECT, refused)
  return {
    get,
    reportInvalid,
    peek: () => keeper.peek(COMPONENT_SUBJECT),
    refreshNow: () => keeper.refreshNow(COMPONENT_SUBJECT),
    async withToken(call) {
      const { token } = await get()
      try {
        return await call(token)
      } catch (error) {
        if (refusalKind(error) !== 'access-token-invalid') throw error
        return call((await reportInvalid(token)).token)
      }
    },
  }
}
