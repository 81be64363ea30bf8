// Owns: what one configured platform offers to the processes, wired over Redis and WeChat's API.
import type { ComponentEventJob, DeadLetter, DeliveryState, DeliveryStatus, GatewayEvent, ReleaseCheckJob, Subscription, SubscriptionInput } from '@wxgw/contracts'
import type { PauseReason } from '@wxgw/redis'
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
  /** One page of WeChat's own list: adds what is missing, repairs lost refresh tokens, never revokes. */
  reconcilePage(offset: number): Promise<{ totalCount: number; seen: number; added: AuthorizerAppId[]; repaired: AuthorizerAppId[] }>
  /** Asks WeChat to push tickets again, at most every ten minutes over all processes. */
  startPushTicket(): Promise<'asked' | 'asked-lately'>
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
  /** Due by schedule: refreshes unless somebody did meanwhile. Rejects as `get`. */
  refreshNow(appId: AuthorizerAppId): Promise<CurrentToken>
  /** AUTHORIZER_NOT_FOUND, AUTHORIZER_REVOKED, REAUTHORIZATION_REQUIRED, COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  get(appId: AuthorizerAppId, options?: { force?: boolean }): Promise<CurrentToken>
  /** "This token was refused": refreshes only if it is still the current one. Rejects as `get`. */
  reportInvalid(appId: AuthorizerAppId, refused: Secret): Promise<CurrentToken>
}

export type ComponentTokens = {
  refreshNow(): Promise<CurrentToken>
  /** COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT, STORE_UNAVAILABLE. */
  get(options?: { force?: boolean }): Promise<CurrentToken>
  reportInvalid(refused: Secret): Promise<CurrentToken>
}

export type ApiTicketType = 'jsapi' | 'wx_card'

/** Tickets that pages of an authorizer sign with. @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html */
export type ApiTickets = {
  /** Rejects as AuthorizerTokens.get. */
  get(appId: AuthorizerAppId, type: ApiTicketType): Promise<CurrentToken>
  /** What `wx.config` of the JS-SDK wants for this page. The part of `url` behind `#` is left out. */
  jsSdkConfig(appId: AuthorizerAppId, url: string): Promise<{ appId: string; timestamp: number; nonceStr: string; signature: string }>
}

export type { PauseReason } from '@wxgw/redis'

/** Subjects of the refresh schedule: appids, and the component itself. */
export type RefreshSchedule = {
  /** The soonest to expire first. What is taken comes again after `retryMs` or up to half as much more, unless it is refreshed. */
  takeDue(limit: number, retryMs: number): Promise<{ subjects: string[]; pausedBy: PauseReason | undefined }>
  forget(subject: string): Promise<void>
  /** Holds for all workers. True for the first who says so. */
  pause(reason: PauseReason): Promise<boolean>
  /** True for whoever ended it. */
  resume(reason: PauseReason): Promise<boolean>
  /** True once a day, over all workers. */
  auditDue(): Promise<boolean>
  figures(): Promise<{ due: number; authorizers: number; pausedBy: PauseReason | undefined }>
}

export type TicketStatus = { createTimeSeconds: number; receivedAtMs: number }

export type Tickets = {
  /** Keeps the newest by CreateTime. `first` = saved, and there was none; `older` = the stored one is newer, nothing changed. */
  saveIfNewer(ticket: Secret, createTimeSeconds: number): Promise<'first' | 'saved' | 'older'>
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
  /** Of a disabled one: retries that wait for their time end as dead letters now. Safe to repeat. */
  endPending(name: string): Promise<void>
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
  /** The release check wants this code exchanged and sent back. The code is sealed before it leaves the process. */
  releaseCheck(check: { eventId: string; appId: AuthorizerAppId; openId: string; code: Secret; receivedAtMs: number }): Promise<void>
  openReleaseCheckCode(job: ReleaseCheckJob): Secret
  /** The plaintext of a component event that waits in the queue. */
  openComponentEvent(job: ComponentEventJob): string
  sync(): Promise<{ jobId: string }>
  syncState(jobId: string): Promise<SyncState | undefined>
}

/** Messages to a user outside the five seconds. @see https://developers.weixin.qq.com/doc/subscription/api/customer/message/api_sendcustommessage.html */
export type CustomerService = {
  /** `message` is the body of message/custom/send. Rejects as AuthorizerTokens.get, or with WECHAT_API_ERROR. */
  send(appId: AuthorizerAppId, message: Record<string, unknown>): Promise<void>
}

/** Passive replies on their way from whoever has them to whichever process waits for them. */
export type Replies = {
  /** The reply, or undefined when none came before the deadline. Never rejects. Call it before the event is queued. */
  expect(eventId: string, deadlineAtMs: number, asked: AskedReply): Promise<unknown>
  /** `unknown`: nobody waits for this event. `not-asked`: it waits for another subscription than `from`. */
  offer(eventId: string, reply: unknown, from?: string): Promise<'accepted' | 'already-answered' | 'too-late' | 'unknown' | 'not-asked'>
  /** What `expect` was told; undefined when nobody waits, or did a few minutes ago. */
  asked(eventId: string): Promise<AskedReply | undefined>
}

/** Whose answer a push waits for, and whom the answer is for. */
export type AskedReply = { subscription: string; authorizerAppId: string; openId: string }

/** `sent`: too late for the push, so it went by customer service message. `unknown`: there is no such event. */
export type ReplyOutcome = 'accepted' | 'already-answered' | 'too-late' | 'unknown' | 'invalid' | 'sent' | 'not-asked'

export type ReplyOffers = {
  /**
   * Hands a consumer's reply in; `event`, and the subscription that it comes `from`, when they are known. A reply from another
   * subscription than the one that was asked is `not-asked`, however it looks. Rejects as CustomerService.send when the fallback fails.
   */
  offer(eventId: string, reply: unknown, known?: { event?: GatewayEvent; from?: string }): Promise<ReplyOutcome>
}

/** How far an authorizers/sync has come. */
export type SyncStates = { save(state: SyncState): Promise<void> }

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
  tickets: Tickets
  componentTokens: ComponentTokens
  authorizerTokens: AuthorizerTokens
  authorizations: Authorizations
  authorizers: Authorizers
  apiTickets: ApiTickets
  customerService: CustomerService
  schedule: RefreshSchedule
  installation: Installation
  subscriptions: Subscriptions
  deadLetters: DeadLetters
  events: EventLog
  inbox: Inbox
  replies: Replies
  replyOffers: ReplyOffers
  syncStates: SyncStates
}
