// Owns: the types of what one configured platform offers to the processes. create-platform.ts wires it.
import type {
  ApiBrakes,
  ApiTicketType,
  AuthorizerFilter,
  DeadLetters,
  EventErasure,
  EventClaims,
  EventFeed,
  EventLog,
  HistoryEntry,
  JobQueue,
  Page,
  NewSession,
  PushQueue,
  RefreshSchedule,
  SealedJobs,
  ReplayRuns,
  Replays,
  Session,
  SessionEnd,
  SessionStatus,
  SettledAuthorization,
  Statistics,
  RefusedPaths,
  Subscriptions,
  SubscriptionStatsReader,
  SyncStates,
  TicketStore,
  UnparsedPushes,
  UnsettledDeliveries,
} from '@wxgw/redis'
import type {
  Authorizer,
  AuthorizerAppId,
  AuthorizerTokens,
  ComponentAppId,
  CurrentToken,
  FuncInfo,
  GatewayError,
  PushedAuthorization,
  PushKeys,
  Secret,
} from '@wxgw/wechat-core'
import type { Replies } from './replies/replies.ts'

/** The account of an exchanged authorization code, with its current tokens. */
export type Authorization = {
  authorizerAppId: AuthorizerAppId
  /** undefined when the account gave no API permission. */
  accessToken: CurrentToken | undefined
  refreshToken: Secret | undefined
  funcInfo: FuncInfo
  createdAtMs: number
  updatedAtMs: number
}

type SettledCode = { funcInfo: FuncInfo; tokenFailure: GatewayError | undefined }

export type AuthorizationUrlRequest = {
  type: 'mobile' | 'scancode'
  redirectUri: string
  authType?: string | undefined
  bizAppId?: string | undefined
  categoryIdList?: string | undefined
}

/** What a browser that comes back from WeChat may see. */
export type LandedAuthorization = Pick<Authorization, 'authorizerAppId' | 'funcInfo'>

/** `url` contains `preAuthCode`. */
export type AuthorizationUrl = { url: string; preAuthCode: Secret; createdAtMs: number; expiresInSeconds: number }

export type Authorizations = {
  /**
   * A new pre_auth_code each time. Rejects with COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT,
   * STORE_UNAVAILABLE.
   */
  createAuthorizationUrl(request: AuthorizationUrlRequest): Promise<AuthorizationUrl>
  /**
   * Exchanges a code, once over all processes; every caller gets the same account. Rejects with
   * AUTHORIZATION_CODE_INVALID when WeChat refused it, else as createAuthorizationUrl.
   */
  exchangeCode(code: Secret): Promise<Authorization>
  /** The same without a token: the account has authorized even if WeChat gives no token now. */
  exchangeLandedCode(code: Secret): Promise<LandedAuthorization>
  /** The account of a code that was exchanged before. Does not call WeChat. Rejects with STORE_UNAVAILABLE. */
  accountOf(code: Secret): Promise<AuthorizerAppId | undefined>
  /**
   * The same for a code that WeChat pushed. The event's CreateTime is the time of the authorization. When WeChat
   * refuses the code, the account is fetched by other APIs. Rejects with AUTHORIZER_REVOKED when a newer `unauthorized`
   * is known; after any other error a retry may succeed. `tokenFailure`: the account is stored, but its access token
   * could not be fetched yet; the refresh is due at once, and the next read tries again.
   */
  settleAuthorization(code: Secret, pushed: PushedAuthorization): Promise<SettledCode>
  /** Whether a newer `unauthorized` is known. */
  isRevokedSince(appId: AuthorizerAppId, createTimeSeconds: number): Promise<boolean>
  /** Ordered by CreateTime: an `unauthorized` that is older than the authorization is ignored. */
  revoke(appId: AuthorizerAppId, createTimeSeconds: number): Promise<'revoked' | 'ignored'>
  /** Fetches the account's profile from WeChat and stores it. */
  refreshProfile(appId: AuthorizerAppId): Promise<Authorizer>
  /** One page of WeChat's own list: adds missing accounts, restores lost refresh tokens, never revokes. */
  reconcilePage(
    offset: number,
  ): Promise<{ totalCount: number; seen: number; added: AuthorizerAppId[]; repaired: AuthorizerAppId[] }>
  /** Requests WeChat to push tickets again, at most every ten minutes over all processes. */
  startPushTicket(): Promise<'asked' | 'asked-lately'>
}

export type Authorizers = {
  get(appId: AuthorizerAppId): Promise<Authorizer | undefined>
  /** Sorted by appid; with a filter in no particular order. `only`: the accounts that the caller may see. */
  list(page: {
    limit: number
    cursor: string | undefined
    only?: readonly string[] | undefined
    filter?: AuthorizerFilter | undefined
  }): Promise<Page<Authorizer>>
  /** Builds the index that filters use, if there is none yet. */
  buildIndex(): Promise<void>
  /** Its last 100 authorizations and revocations, newest first. */
  history(appId: AuthorizerAppId, page: { limit: number; cursor: string | undefined }): Promise<Page<HistoryEntry>>
  /** The authorizer that this `gh_…` original id belongs to, when known. Cached in the process. */
  ownerOfUserName(userName: string): Promise<AuthorizerAppId | undefined>
  /** What `ownerOfUserName` would answer, if it is cached. Never reads from Redis. */
  cachedOwner(userName: string): AuthorizerAppId | undefined
}

/**
 * The click leads to WeChat (`leads`), the session has ended (`over`), or this minute's clicks are used up (`wait`).
 * undefined: no such session.
 */
export type ClickOutcome =
  | { kind: 'leads'; url: string }
  | { kind: 'over'; session: Session }
  | { kind: 'wait'; retryAfterSeconds: number }
  | undefined

export type Visit = {
  /** Used unless the session names a type. */
  defaultType: 'mobile' | 'scancode'
  /** The URL to which WeChat sends the browser back. `mark` identifies the click. */
  landingUrl(mark: string): string
}

/** All reject with STORE_UNAVAILABLE; those that call WeChat also as Authorizations do. */
export type Sessions = {
  /** Rejects with SESSION_LIMIT. */
  create(session: Omit<NewSession, 'id'>): Promise<{ id: string; expiresAtMs: number }>
  get(id: string): Promise<Session | undefined>
  /** As `get`, when its page is shown. */
  open(id: string): Promise<Session | undefined>
  /** Newest first. `only`: of these accounts. */
  list(asked: {
    limit: number
    cursor: string | undefined
    reference: string | undefined
    status: SessionStatus | undefined
    only: readonly string[] | undefined
  }): Promise<Page<Session>>
  /** Makes a pre_auth_code. */
  click(id: string, visit: Visit): Promise<ClickOutcome>
  /** Whether the session has a click with this mark. */
  hasClick(id: string, mark: string): Promise<boolean>
  /** Handles the browser's return: exchanges the code. `end` is undefined when the mark is unknown or expired. */
  land(
    id: string,
    mark: string,
    code: Secret,
  ): Promise<{ authorization: LandedAuthorization; end: SessionEnd | undefined }>
  /** Call it after the exchange of a pushed code. Resolves to the session that the authorization completed. */
  settlePushed(pushed: SettledAuthorization & { preAuthCode: Secret | undefined }): Promise<Session | undefined>
  /** A repeated call has the same result. */
  cancel(id: string): Promise<'cancelled' | 'refused' | 'completed' | 'unknown'>
  /** Emits the events of ended sessions that the ending process failed to emit. Resolves to their number. */
  announceLeft(): Promise<number>
  /** Counts open sessions that have expired, each once over all workers. Resolves to their number. */
  countExpired(): Promise<number>
}

export type ComponentTokens = {
  refreshNow(): Promise<CurrentToken>
  /** COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  get(options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(refused: Secret): Promise<CurrentToken>
  /** The stored token when it is still valid. Does not call WeChat. */
  peek(): Promise<CurrentToken | undefined>
}

/**
 * Tickets that pages of an authorizer sign with. @see
 * https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html
 */
export type ApiTickets = {
  /** Rejects as AuthorizerTokens.get. */
  get(appId: AuthorizerAppId, type: ApiTicketType): Promise<CurrentToken>
  /** The parameters of the JS-SDK's `wx.config` for this page. The fragment of `url` is not signed. */
  jsSdkConfig(
    appId: AuthorizerAppId,
    url: string,
  ): Promise<{ appId: string; timestamp: number; nonceStr: string; signature: string }>
}

/**
 * Messages to a user outside the five seconds. @see
 * https://developers.weixin.qq.com/doc/subscription/api/customer/message/api_sendcustommessage.html
 */
export type CustomerService = {
  /** `message` is the body of message/custom/send. Rejects as AuthorizerTokens.get, or with WECHAT_API_ERROR. */
  send(appId: AuthorizerAppId, message: Record<string, unknown>): Promise<void>
}

/** A key in Redis by which a flushed Redis is recognized. */
type Installation = {
  isMarked(): Promise<boolean>
  /** Sets it. True when it was missing: a new installation, or a flushed Redis. */
  mark(): Promise<boolean>
}

export type Platform = {
  id: string
  componentAppId: ComponentAppId
  pushKeys: PushKeys
  tickets: TicketStore
  componentTokens: ComponentTokens
  authorizerTokens: AuthorizerTokens
  authorizations: Authorizations
  authorizers: Authorizers
  sessions: Sessions
  apiTickets: ApiTickets
  customerService: CustomerService
  schedule: RefreshSchedule
  installation: Installation
  subscriptions: Subscriptions
  deadLetters: DeadLetters
  replays: Replays
  replayRuns: ReplayRuns
  erasure: EventErasure
  /** False with `eventLog: false`: `events` is then empty. */
  keepsEventLog: boolean
  events: EventLog
  /** The events as they are recorded, for live streams. */
  feed: EventFeed
  claims: EventClaims
  unsettled: UnsettledDeliveries
  pushQueue: PushQueue
  jobs: JobQueue
  sealedJobs: SealedJobs
  statistics: Statistics
  stats: SubscriptionStatsReader
  unparsedPushes: UnparsedPushes
  replies: Replies
  syncStates: SyncStates
  apiBrakes: ApiBrakes
  refusedPaths: RefusedPaths
  /**
   * The call that clears the quotas of the component or of one authorizer by the component's AppSecret. The body
   * contains the secret.
   * @see https://developers.weixin.qq.com/doc/oplatform/openApi/openapi-management/
   */
  quotaClearing(appId?: AuthorizerAppId): { path: string; body: Buffer; secret: Secret }
}
