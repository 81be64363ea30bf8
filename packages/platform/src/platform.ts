// Owns: what one configured platform offers to the processes, wired over Redis and WeChat's API.
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

/** What an exchanged authorization code stands for now: the account with its current tokens. */
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

/** `preAuthCode` stands in the URL, too. */
export type AuthorizationUrl = { url: string; preAuthCode: Secret; createdAtMs: number; expiresInSeconds: number }

export type Authorizations = {
  /**
   * A new pre_auth_code each time. Rejects with COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT,
   * STORE_UNAVAILABLE.
   */
  createAuthorizationUrl(request: AuthorizationUrlRequest): Promise<AuthorizationUrl>
  /**
   * Exchanges a code, once however often and at how many processes it arrives; every caller gets the same account.
   * Rejects with AUTHORIZATION_CODE_INVALID when WeChat refused it, else as above.
   */
  exchangeCode(code: Secret): Promise<Authorization>
  /** The same where no token is wanted: the account has authorized whether or not WeChat gives a token now. */
  exchangeLandedCode(code: Secret): Promise<LandedAuthorization>
  /** Whose this code is, when it was exchanged already. WeChat is not asked. Rejects with STORE_UNAVAILABLE. */
  accountOf(code: Secret): Promise<AuthorizerAppId | undefined>
  /**
   * The same for a code that WeChat pushed. The event's CreateTime is the time of the authorization, and its account is
   * looked up when the code does not work. Rejects with AUTHORIZER_REVOKED when a newer `unauthorized` is known;
   * everything else may pass. `tokenFailure`: the account is stored, its access token could not be had yet. It is due
   * at once, and whoever reads it tries again.
   */
  settleAuthorization(code: Secret, pushed: PushedAuthorization): Promise<SettledCode>
  /** Is an `unauthorized` known that is newer than this? */
  isRevokedSince(appId: AuthorizerAppId, createTimeSeconds: number): Promise<boolean>
  /** Judged by CreateTime: an `unauthorized` older than the authorization is ignored. */
  revoke(appId: AuthorizerAppId, createTimeSeconds: number): Promise<'revoked' | 'ignored'>
  /** Asks WeChat for the account's profile and keeps it. */
  refreshProfile(appId: AuthorizerAppId): Promise<Authorizer>
  /** One page of WeChat's own list: adds what is missing, repairs lost refresh tokens, never revokes. */
  reconcilePage(
    offset: number,
  ): Promise<{ totalCount: number; seen: number; added: AuthorizerAppId[]; repaired: AuthorizerAppId[] }>
  /** Asks WeChat to push tickets again, at most every ten minutes over all processes. */
  startPushTicket(): Promise<'asked' | 'asked-lately'>
}

export type Authorizers = {
  get(appId: AuthorizerAppId): Promise<Authorizer | undefined>
  /** In the order of their appids; with a filter in any. `only` narrows to what a caller is granted. */
  list(page: {
    limit: number
    cursor: string | undefined
    only?: readonly string[] | undefined
    filter?: AuthorizerFilter | undefined
  }): Promise<Page<Authorizer>>
  /** By which a filter finds them, where there is none yet. */
  buildIndex(): Promise<void>
  /** What it granted and took back, newest first, of the last 100 changes. */
  history(appId: AuthorizerAppId, page: { limit: number; cursor: string | undefined }): Promise<Page<HistoryEntry>>
  /** The authorizer that this `gh_…` original id belongs to, when known. Cached in the process. */
  ownerOfUserName(userName: string): Promise<AuthorizerAppId | undefined>
  /** What `ownerOfUserName` would answer, if that needs no question to Redis. */
  knownOwnerOfUserName(userName: string): { appId: AuthorizerAppId | undefined } | undefined
}

/**
 * A click leads to WeChat, or the session is over, or it has had its clicks of this minute. undefined: there is no
 * such session.
 */
export type ClickOutcome =
  | { kind: 'leads'; url: string }
  | { kind: 'over'; session: Session }
  | { kind: 'wait'; retryAfterSeconds: number }
  | undefined

export type Visit = {
  /** Unless the session says which. */
  defaultType: 'mobile' | 'scancode'
  /** Where WeChat sends the browser back. `mark` is of this click alone. */
  landingUrl(mark: string): string
}

/** All reject with STORE_UNAVAILABLE; those that ask WeChat as Authorizations do. */
export type Sessions = {
  /** Rejects with SESSION_LIMIT. */
  create(session: Omit<NewSession, 'id'>): Promise<{ id: string; expiresAtMs: number }>
  get(id: string): Promise<Session | undefined>
  /** As `get`, for a view of its page. */
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
  /** Of this session, by the mark that it has on the way back. */
  hasClick(id: string, mark: string): Promise<boolean>
  /** The browser's return: exchanges the code. `end` is undefined when the mark is not known (any more). */
  land(
    id: string,
    mark: string,
    code: Secret,
  ): Promise<{ authorization: LandedAuthorization; end: SessionEnd | undefined }>
  /** WeChat's push, after its code was exchanged. Answers the session that this authorization has completed. */
  settlePushed(pushed: SettledAuthorization & { preAuthCode: Secret | undefined }): Promise<Session | undefined>
  /** On repeat the same. */
  cancel(id: string): Promise<'cancelled' | 'refused' | 'completed' | 'unknown'>
  /** Announces what the process that ended a session could not. Answers how many were left. */
  announceLeft(): Promise<number>
}

export type ComponentTokens = {
  refreshNow(): Promise<CurrentToken>
  /** COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  get(options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(refused: Secret): Promise<CurrentToken>
  /** The stored one when it is good enough to be handed out; WeChat is not asked. */
  peek(): Promise<CurrentToken | undefined>
}

/**
 * Tickets that pages of an authorizer sign with. @see
 * https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html
 */
export type ApiTickets = {
  /** Rejects as AuthorizerTokens.get. */
  get(appId: AuthorizerAppId, type: ApiTicketType): Promise<CurrentToken>
  /** What `wx.config` of the JS-SDK wants for this page. The part of `url` behind `#` is left out. */
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

/** The mark by which an installation recognises its own Redis. */
export type Installation = {
  isMarked(): Promise<boolean>
  /** True when there was none: a new installation, or an emptied Redis. */
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
  /** False with `eventLog: false`: `events` then knows nothing. */
  keepsEventLog: boolean
  events: EventLog
  /** What is recorded there, as it is recorded. */
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
   * The call that clears quotas by the component's secret: of the component, or of one authorizer. It holds the secret.
   * @see https://developers.weixin.qq.com/doc/oplatform/openApi/openapi-management/
   */
  quotaClearing(appId?: AuthorizerAppId): { path: string; body: Buffer; secret: Secret }
}
