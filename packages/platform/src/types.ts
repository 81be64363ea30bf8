// Owns: what one configured platform offers to the processes, wired over Redis and WeChat's API.
import type { DeadLetter, DeliveryState, DeliveryStatus, GatewayEvent, Subscription, SubscriptionInput } from '@wxgw/contracts'
import type { Authorizer, AuthorizerAppId, ComponentAppId, CurrentToken, FuncInfo, PushKeys, Secret } from '@wxgw/wechat-core'

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

export type AuthorizationUrlRequest = {
  type: 'mobile' | 'scancode'
  redirectUri: string
  authType?: string | undefined
  bizAppId?: string | undefined
  categoryIdList?: string | undefined
}

export type Authorizations = {
  /** A new pre_auth_code each time. Rejects with COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  createAuthorizationUrl(request: AuthorizationUrlRequest): Promise<{ url: string; createdAtMs: number; expiresInSeconds: number }>
  /**
   * Exchanges a code, once however often and at how many processes it arrives; every caller gets the same account.
   * Rejects with AUTHORIZATION_CODE_INVALID when WeChat refused it, else as above.
   * `pushed` is what the pushed event says; the event's CreateTime then is the time of the authorization.
   */
  exchangeCode(code: Secret, pushed?: { authorizerAppId: AuthorizerAppId; createTimeSeconds: number }): Promise<Authorization>
  /** Judged by CreateTime: an `unauthorized` older than the authorization is ignored. */
  revoke(appId: AuthorizerAppId, createTimeSeconds: number): Promise<'revoked' | 'ignored'>
  /** Asks WeChat for the account's profile and keeps it. */
  refreshProfile(appId: AuthorizerAppId): Promise<Authorizer>
}

export type Page<T> = { items: T[]; nextCursor: string | null }

export type Authorizers = {
  get(appId: AuthorizerAppId): Promise<Authorizer | undefined>
  /** In the order of their appids. `only` narrows to what a caller is granted. */
  list(page: { limit: number; cursor: string | undefined; only?: readonly string[] | undefined }): Promise<Page<Authorizer>>
  /** The authorizer that this `gh_…` original id belongs to, when known. Cached in the process. */
  ownerOfUserName(userName: string): Promise<AuthorizerAppId | undefined>
}

export type AuthorizerTokens = {
  /** AUTHORIZER_NOT_FOUND, AUTHORIZER_REVOKED, REAUTHORIZATION_REQUIRED, COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  get(appId: AuthorizerAppId, options?: { force?: boolean }): Promise<CurrentToken>
  /** "This token was refused": refreshes only if it is still the current one. Rejects as `get`. */
  reportInvalid(appId: AuthorizerAppId, refused: Secret): Promise<CurrentToken>
}

export type ComponentTokens = {
  /** COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  get(options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(refused: Secret): Promise<CurrentToken>
}

export type TicketStatus = { createTimeSeconds: number; receivedAtMs: number }

export type Tickets = {
  /** Keeps the newest by CreateTime. `older` = the stored one is newer, nothing changed. */
  saveIfNewer(ticket: Secret, createTimeSeconds: number): Promise<'saved' | 'older'>
  status(): Promise<TicketStatus | undefined>
}

export type SubscriptionChange = { subscription: Subscription; created: boolean; secret: string | undefined }

export type Subscriptions = {
  /** Creates or replaces. A webhook without a secret gets one, kept on update and answered at creation only (`secret`). */
  put(name: string, input: SubscriptionInput): Promise<SubscriptionChange>
  get(name: string): Promise<Subscription | undefined>
  list(page: { limit: number; cursor: string | undefined }): Promise<Page<Subscription>>
  /** With its backlog, its dead letters and its queue or stream. False when there was none. */
  delete(name: string): Promise<boolean>
  disable(name: string): Promise<void>
  /** All of them, from a copy in the process that is at most `maxAgeMs` behind a change (default 100). */
  all(maxAgeMs?: number): Promise<readonly Subscription[]>
  /** The webhook secrets to sign with: the current one first, the previous one while it is being replaced. */
  webhookSecrets(name: string): Promise<readonly Secret[]>
}

export type DeadLetters = {
  /** Newest first. */
  list(subscription: string, page: { limit: number; cursor: string | undefined }): Promise<Page<DeadLetter>>
  /** All when `ids` is left out. Answers how many go again. */
  replay(subscription: string, ids?: readonly string[]): Promise<number>
  discard(subscription: string, ids?: readonly string[]): Promise<number>
}

export type LoggedEvent = {
  id: string
  type: string
  source: string
  subject: string | null
  authorizerappid: string | null
  time: string
  receivedAt: string
  event: GatewayEvent
  deliveries: DeliveryState[]
}

export type EventFilter = {
  authorizer?: string | undefined
  type?: string | undefined
  fromMs?: number | undefined
  toMs?: number | undefined
  limit: number
  cursor: string | undefined
  only?: readonly string[] | undefined
}

export type EventLog = {
  /** Remembers an event and that these subscriptions are to get it. On repeat, nothing known is lost. */
  record(event: GatewayEvent, receivedAtMs: number, subscriptions: readonly string[]): Promise<void>
  deliveryChanged(
    eventId: string,
    subscription: string,
    change: { status: DeliveryStatus; attempts: number; lastError?: string | undefined; deliveredAtMs?: number | undefined },
  ): Promise<void>
  get(id: string): Promise<LoggedEvent | undefined>
  /** Newest first. */
  find(filter: EventFilter): Promise<Page<LoggedEvent>>
}

export type SyncState = {
  jobId: string
  status: 'waiting' | 'running' | 'completed' | 'failed'
  seen: number
  added: number
  repaired: number
  failed: number
  startedAt: string | null
  finishedAt: string | null
  error: string | null
}

/** The ways into the queues. Each resolves only after Redis has accepted. */
export type Inbox = {
  /** De-duplicated by the event's id for DEDUPE_SECONDS. `plaintext` is sealed before it leaves the process. */
  componentEvent(event: { eventId: string; plaintext: string; receivedAtMs: number }): Promise<'accepted' | 'duplicate'>
  message(
    event: GatewayEvent,
    receivedAtMs: number,
    reply?: { subscription: string; deadlineAtMs: number },
  ): Promise<'accepted' | 'duplicate'>
  /** An event of the component or of the gateway, on its way to subscriptions. */
  platformEvent(
    event: GatewayEvent,
    options?: { receivedAtMs?: number; only?: string; replay?: string },
  ): Promise<'accepted' | 'duplicate'>
  /** A replay: a new delivery of an old event. */
  replay(event: GatewayEvent, receivedAtMs: number): Promise<void>
  profileWanted(appId: AuthorizerAppId, announce?: GatewayEvent): Promise<void>
  sync(): Promise<{ jobId: string }>
  syncState(jobId: string): Promise<SyncState | undefined>
}

export type Platform = {
  id: string
  componentAppId: ComponentAppId
  pushKeys: PushKeys
  tickets: Tickets
  componentTokens: ComponentTokens
  authorizerTokens: AuthorizerTokens
  authorizations: Authorizations
  authorizers: Authorizers
  subscriptions: Subscriptions
  deadLetters: DeadLetters
  events: EventLog
  inbox: Inbox
}
