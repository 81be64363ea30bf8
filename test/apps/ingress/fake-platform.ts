// Owns: a Platform in memory that records what the ingress asks of it and does what a test says. No Redis, no WeChat.
import type { GatewayEvent, Subscription, SubscriptionInput } from '@wxgw/contracts'
import type { ApiBrake, BrakedAnswer, CalledPath, DeleteOptions, PutOptions, Replay, StatisticsAsked, SubscriptionsAsked } from '@wxgw/redis'
import type {
  Authorization,
  AuthorizationUrlRequest,
  ClickOutcome,
  EventFilter,
  LoggedEvent,
  Platform,
  ReplyOutcome,
  Session,
  SessionEnd,
  SyncState,
  TimeBound,
} from '@wxgw/platform'
import type { Push, PushIntake, PushOutcome } from '@wxgw/ingress'
import {
  GatewayError,
  parseAuthorizerAppId,
  parseComponentAppId,
  Secret,
  type Authorizer,
  type AuthorizerAppId,
  type ComponentAppId,
  type CurrentToken,
} from '@wxgw/wechat-core'
import { COMPONENT_APPID, PUSH_AES_KEY, PUSH_TOKEN } from './sealed-push.ts'

export const NOW_MS = Date.UTC(2026, 0, 1)
export const APPID_A = appId('wxa000000000000001')
export const APPID_B = appId('wxb000000000000002')
const SOME_SUMS = { pushes: 3, duplicates: 1, delivered: 2, failed: 0, dead: 0, refreshed: 0, refreshFailed: 0 }
export const SECRETS = {
  accessToken: 'canary-access-token',
  refreshToken: 'canary-refresh-token',
  componentToken: 'canary-component-token',
  ticket: 'canary-jsapi-ticket',
  componentSecret: 'canary-component-secret',
}

export function appId(text: string): AuthorizerAppId {
  const parsed = parseAuthorizerAppId(text)
  if (!parsed) throw new Error('not an appid')
  return parsed
}

function componentAppId(): ComponentAppId {
  const parsed = parseComponentAppId(COMPONENT_APPID)
  if (!parsed) throw new Error('not an appid')
  return parsed
}

export function authorizer(appid: AuthorizerAppId, overrides: Partial<Authorizer> = {}): Authorizer {
  return {
    appid,
    status: 'active',
    profile: {
      nick_name: `name of ${appid}`,
      user_name: 'gh_0000000000aa',
      principal_name: 'principal',
      head_img: 'https://img.example/a.png',
      service_type: 2,
      verify_type: 0,
      isMiniProgram: false,
    },
    funcInfo: [{ funcscope_category: { id: 1 } }],
    authorizedAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    tokenExpiresAtMs: NOW_MS + 7_200_000,
    ...overrides,
  }
}

export function subscription(name: string, overrides: Partial<Subscription> = {}): Subscription {
  return {
    name,
    platform: 'open1',
    match: { authorizers: undefined, types: undefined },
    sink: { kind: 'queue', queue: `{wx-queue.open1.${name}}` },
    retry: { scheduleSeconds: [5] },
    reply: false,
    fallback: null,
    ordering: 'none',
    orderingTimeoutSeconds: 60,
    throttle: null,
    maxBacklog: 1_000_000,
    disableAfterSeconds: 432_000,
    enabled: true,
    paused: false,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...overrides,
  }
}

export function replay(subscription: string, changes: Partial<Replay> = {}): Replay {
  return {
    id: 'r0a',
    subscription,
    subscribedAtMs: 0,
    createdAtMs: NOW_MS,
    endedAtMs: undefined,
    status: 'running',
    matched: 3,
    delivered: 1,
    failed: 0,
    fromMs: NOW_MS - 1_000,
    toMs: NOW_MS,
    onlyUndelivered: true,
    ratePerSecond: 50,
    ...changes,
  }
}

export function loggedEvent(id: string, overrides: Partial<LoggedEvent> = {}): LoggedEvent {
  const event: GatewayEvent = {
    specversion: '1.0',
    id,
    source: `/wx/open1/${APPID_A}`,
    type: 'wechat.message.text',
    subject: 'oUSER',
    time: '2026-01-01T00:00:00Z',
    datacontenttype: 'application/json',
    platform: 'open1',
    authorizerappid: APPID_A,
    data: { MsgType: 'text', Content: 'hi', Nested: { item: [{ a: '1' }] } },
  }
  return {
    id,
    type: event.type,
    source: event.source,
    subject: 'oUSER',
    authorizerappid: APPID_A,
    time: event.time,
    receivedAt: '2026-01-01T00:00:01.000Z',
    event,
    deliveries: [{ subscription: 'crm', status: 'dead', attempts: 2, lastError: 'status 500', deliveredAt: null }],
    ...overrides,
  }
}

export function session(id: string, overrides: Partial<Session> = {}): Session {
  return {
    id,
    reference: `canary-reference-of-${id}`,
    tags: { shop: 'canary-tag' },
    type: undefined,
    authType: undefined,
    appId: APPID_A,
    categoryIdList: undefined,
    returnUrl: undefined,
    isNarrowed: false,
    status: 'open',
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 86_400_000,
    openedAtMs: undefined,
    endedAtMs: undefined,
    authorizedAppId: undefined,
    grantedSets: [],
    ...overrides,
  }
}

export type Call = { name: string; args: unknown[] }

export type FakePlatform = {
  platform: Platform
  intake: PushIntake
  /** What the intake was given of this kind. */
  pushes<Kind extends Push['kind']>(kind: Kind): Array<Extract<Push, { kind: Kind }>>
  calls: Call[]
  /** Arguments of the calls of this name. */
  callsOf(name: string): unknown[][]
  /** The next and all further calls of this name reject. */
  fail(name: string, error: Error): void
  authorizers: Map<string, Authorizer>
  subscriptions: Map<string, Subscription>
  events: Map<string, LoggedEvent>
  /** By `subscription id`. */
  replays: Map<string, Replay>
  owners: Map<string, AuthorizerAppId>
  authorization: Authorization
  /** Codes that were exchanged before. */
  exchanged: Map<string, AuthorizerAppId>
  syncStates: Map<string, SyncState>
  sessions: Map<string, Session>
  clickOutcome: ClickOutcome
  /** Of a landing. */
  endKind: SessionEnd['kind']
  /** Where every list says that it goes on. */
  nextPosition: string | null
  /** By event id; `unknown` for all others. */
  replyOutcomes: Map<string, ReplyOutcome>
  /** For the statistics. */
  counted: string[]
  keepsEventLog: boolean
  /** The current ones; a report of the current one makes `next` current, where there is one. */
  tokens: { account: string; component: string; next: string | undefined }
  /** By `subject path`. */
  brakes: Map<string, ApiBrake>
  refusedPaths: Set<string>
}

const token = (text: string): CurrentToken => ({ token: new Secret(text), expiresAtMs: NOW_MS + 7_000_000, expiresInSeconds: 7000 })

export function createFakePlatform(id = 'open1'): FakePlatform {
  const calls: Call[] = []
  const failures = new Map<string, Error>()
  const fake: Omit<FakePlatform, 'platform' | 'intake' | 'pushes'> = {
    calls,
    callsOf: (name) => calls.filter((call) => call.name === name).map(({ args }) => args),
    fail: (name, error) => void failures.set(name, error),
    authorizers: new Map([APPID_A, APPID_B].map((appid) => [appid, authorizer(appid)])),
    subscriptions: new Map(),
    events: new Map(),
    replays: new Map(),
    owners: new Map(),
    authorization: {
      authorizerAppId: APPID_A,
      accessToken: token(SECRETS.accessToken),
      refreshToken: new Secret(SECRETS.refreshToken),
      funcInfo: [{ funcscope_category: { id: 1 } }],
      createdAtMs: NOW_MS,
      updatedAtMs: NOW_MS + 1000,
    },
    exchanged: new Map(),
    syncStates: new Map(),
    sessions: new Map(),
    clickOutcome: { kind: 'leads', url: 'https://mp.weixin.qq.com/cgi-bin/componentloginpage?a=1' },
    endKind: 'ended',
    nextPosition: null,
    replyOutcomes: new Map(),
    counted: [],
    keepsEventLog: true,
    tokens: { account: SECRETS.accessToken, component: SECRETS.componentToken, next: undefined },
    brakes: new Map(),
    refusedPaths: new Set(),
  }
  const replaced = (kind: 'account' | 'component', refused: Secret): CurrentToken => {
    const { tokens } = fake
    if (tokens[kind] === refused.reveal()) tokens[kind] = tokens.next ?? tokens[kind]
    return token(tokens[kind])
  }

  /** A method that is recorded and may be told to fail. */
  function method<Args extends unknown[], Result>(name: string, answer: (...args: Args) => Result): (...args: Args) => Promise<Result> {
    return async (...args) => {
      calls.push({ name, args })
      const failure = failures.get(name)
      if (failure) throw failure
      return answer(...args)
    }
  }
  const pushes = <Kind extends Push['kind']>(kind: Kind) =>
    (fake.callsOf('intake.accept') as Array<[Push, TimeBound]>)
      .map(([push]) => push)
      .filter((push): push is Extract<Push, { kind: Kind }> => push.kind === kind)
  const notAsked = (name: string) => () => {
    throw new Error(`the ingress has no business with ${name}`)
  }
  const known = (appid: AuthorizerAppId): Authorizer => {
    const found = fake.authorizers.get(appid)
    if (!found) throw new GatewayError('AUTHORIZER_NOT_FOUND', 'this account has never authorized the platform')
    return found
  }

  const platform: Platform = {
    id,
    componentAppId: componentAppId(),
    pushKeys: { componentAppId: componentAppId(), tokens: [new Secret(PUSH_TOKEN)], aesKeys: [PUSH_AES_KEY] },
    tickets: { saveIfNewer: method('tickets.saveIfNewer', () => 'saved' as const), status: method('tickets.status', () => undefined) },
    componentTokens: {
      get: method('componentTokens.get', () => token(fake.tokens.component)),
      peek: method('componentTokens.peek', () => token(fake.tokens.component)),
      reportInvalid: method('componentTokens.reportInvalid', (refused: Secret) => replaced('component', refused)),
      refreshNow: notAsked('componentTokens.refreshNow'),
    },
    authorizerTokens: {
      get: method('authorizerTokens.get', (appid: AuthorizerAppId, _options?: { force?: boolean }) => {
        known(appid)
        return token(fake.tokens.account)
      }),
      peek: method('authorizerTokens.peek', (appid: AuthorizerAppId) => (fake.authorizers.has(appid) ? token(fake.tokens.account) : undefined)),
      reportInvalid: method('authorizerTokens.reportInvalid', (appid: AuthorizerAppId, refused: Secret) => {
        known(appid)
        return replaced('account', refused)
      }),
      refreshNow: notAsked('authorizerTokens.refreshNow'),
    },
    authorizations: {
      createAuthorizationUrl: method('createAuthorizationUrl', ({ type, redirectUri }: AuthorizationUrlRequest) => ({
        url: `https://mp.weixin.qq.com/${type}?a=1&redirect_uri=${encodeURIComponent(redirectUri)}`,
        preAuthCode: new Secret('preauthcode@@@fake'),
        createdAtMs: NOW_MS,
        expiresInSeconds: 1800,
      })),
      exchangeCode: method('exchangeCode', (_code: Secret) => fake.authorization),
      exchangeLandedCode: method('exchangeLandedCode', (_code: Secret) => fake.authorization),
      accountOf: method('accountOf', (code: Secret) => fake.exchanged.get(code.reveal())),
      settleAuthorization: notAsked('settleAuthorization'),
      isRevokedSince: notAsked('isRevokedSince'),
      revoke: notAsked('revoke'),
      refreshProfile: method('refreshProfile', (appid: AuthorizerAppId) => authorizer(appid)),
      reconcilePage: notAsked('reconcilePage'),
      startPushTicket: notAsked('startPushTicket'),
    },
    authorizers: {
      get: method('authorizers.get', (appid: AuthorizerAppId) => fake.authorizers.get(appid)),
      list: method('authorizers.list', ({ only }: { limit: number; cursor: string | undefined; only?: readonly string[] | undefined }) => ({
        items: [...fake.authorizers.values()].filter(({ appid }) => only === undefined || only.includes(appid)),
        nextCursor: fake.nextPosition,
      })),
      buildIndex: notAsked('authorizers.buildIndex'),
      history: method('authorizers.history', (_appid: AuthorizerAppId) => ({ items: [], nextCursor: fake.nextPosition })),
      ownerOfUserName: method('ownerOfUserName', (userName: string) => fake.owners.get(userName)),
      knownOwnerOfUserName: () => undefined,
    },
    sessions: {
      create: method('sessions.create', () => ({ id: 'a'.repeat(26), expiresAtMs: NOW_MS + 86_400_000 })),
      get: method('sessions.get', (id: string) => fake.sessions.get(id)),
      open: method('sessions.open', (id: string) => fake.sessions.get(id)),
      list: method('sessions.list', () => ({ items: [...fake.sessions.values()], nextCursor: fake.nextPosition })),
      click: method('sessions.click', () => fake.clickOutcome),
      hasClick: method('sessions.hasClick', (id: string, _mark: string) => fake.sessions.has(id)),
      land: method('sessions.land', (id: string) => {
        const landed = fake.sessions.get(id)
        return { authorization: fake.authorization, end: landed && { kind: fake.endKind, session: landed } }
      }),
      settlePushed: notAsked('settlePushed'),
      cancel: method('sessions.cancel', (id: string) => (fake.sessions.get(id)?.status === 'completed' ? 'completed' : 'cancelled')),
      announceLeft: notAsked('announceLeft'),
    },
    apiTickets: {
      get: method('apiTickets.get', () => token(SECRETS.ticket)),
      jsSdkConfig: method('jsSdkConfig', (appid: AuthorizerAppId, _url: string) => {
        return { appId: appid, timestamp: 1_767_225_600, nonceStr: 'nonce', signature: 'signature' }
      }),
    },
    customerService: { send: notAsked('customerService.send') },
    installation: { isMarked: notAsked('isMarked'), mark: notAsked('mark') },
    schedule: {
      takeDue: notAsked('takeDue'),
      forget: notAsked('forget'),
      pause: notAsked('pause'),
      resume: notAsked('resume'),
      auditDue: notAsked('auditDue'),
      figures: notAsked('figures'),
    },
    subscriptions: {
      put: method('subscriptions.put', (name: string, { match, sink }: SubscriptionInput, options: PutOptions = {}) => {
        const existing = fake.subscriptions.get(name)
        if (existing) options.assertMayReplace?.(existing)
        const created = !fake.subscriptions.has(name)
        const put = subscription(name, {
          match: { authorizers: match?.authorizers, types: match?.types },
          sink: sink.kind === 'webhook' ? { kind: 'webhook', url: sink.url, timeoutMs: 10_000 } : { kind: 'queue', queue: 'q' },
        })
        fake.subscriptions.set(name, put)
        return { subscription: put, created, secret: created && sink.kind === 'webhook' ? 'whsec_once' : undefined }
      }),
      get: method('subscriptions.get', (name: string) => fake.subscriptions.get(name)),
      list: method('subscriptions.list', ({ isShown = () => true }: SubscriptionsAsked) => ({
        items: [...fake.subscriptions.values()].filter(isShown),
        nextCursor: fake.nextPosition,
      })),
      delete: method('subscriptions.delete', (name: string, options: DeleteOptions = {}) => {
        options.assertMayDelete?.(fake.subscriptions.get(name))
        return fake.subscriptions.delete(name)
      }),
      patch: method('subscriptions.patch', (name: string, _switches: object, assertMayChange?: (known: Subscription) => void) => {
        const known = fake.subscriptions.get(name)
        if (known) assertMayChange?.(known)
        return known
      }),
      rotateSecret: method('subscriptions.rotateSecret', (name: string, assertMayChange?: (known: Subscription) => void) => {
        const known = fake.subscriptions.get(name)
        if (known) assertMayChange?.(known)
        return known && 'whsec_new'
      }),
      declare: notAsked('declare'),
      known: () => undefined,
      disable: notAsked('disable'),
      endPending: notAsked('endPending'),
      withOldNames: notAsked('withOldNames'),
      leaveOldNames: notAsked('leaveOldNames'),
      all: method('subscriptions.all', () => [...fake.subscriptions.values()]),
      webhookSecrets: notAsked('webhookSecrets'),
    },
    erasure: { begin: method('erasure.begin', (_user: object) => 3), complete: notAsked('erasure.complete') },
    replays: {
      begin: method('replays.begin', () => ({ id: 'r0a', matched: 3 })),
      get: method('replays.get', (name: string, id: string) => fake.replays.get(`${name} ${id}`)),
      list: method('replays.list', (name: string, _page: object) => ({
        items: [...fake.replays.values()].filter(({ subscription }) => subscription === name),
        nextCursor: fake.nextPosition,
      })),
      change: method('replays.change', (name: string, id: string) => {
        const replay = fake.replays.get(`${name} ${id}`)
        if (!replay) return 'unknown'
        return replay.endedAtMs === undefined ? 'changed' : 'ended'
      }),
    },
    replayRuns: { open: notAsked('replayRuns.open'), claim: notAsked('replayRuns.claim') },
    deadLetters: {
      list: method('deadLetters.list', (name: string) => ({
        items: [
          { id: 'd1', eventId: 'ev_1', type: 'wechat.message.text', event: { name, authorizerappid: APPID_A, data: { MsgType: 'text', Content: 'hi' } }, attempts: 3, lastError: 'status 500', failedAt: '2026-01-01T00:00:00.000Z' },
        ],
        nextCursor: fake.nextPosition,
      })),
      replay: method('deadLetters.replay', (_name: string, ids?: readonly string[]) => ids?.length ?? 7),
      discard: method('deadLetters.discard', (_name: string, ids?: readonly string[]) => ids?.length ?? 7),
      resume: notAsked('deadLetters.resume'),
    },
    get keepsEventLog() {
      return fake.keepsEventLog
    },
    events: {
      record: notAsked('events.record'),
      deliveryChanged: notAsked('deliveryChanged'),
      has: notAsked('events.has'),
      get: method('events.get', (eventId: string) => fake.events.get(eventId)),
      attempts: method('events.attempts', (_id: string, _page: object) => ({ items: [], nextCursor: fake.nextPosition })),
      find: method('events.find', (_filter: EventFilter) => ({ items: [...fake.events.values()], nextCursor: fake.nextPosition })),
    },
    feed: {
      end: method('feed.end', () => [{ ms: NOW_MS, number: 0 }]),
      // Of a platform where nothing happens any more.
      follow: async function* () {},
      shardCount: 1,
    },
    claims: { claim: notAsked('claims.claim'), ended: notAsked('claims.ended'), olderVersionSeen: notAsked('claims.olderVersionSeen') },
    unsettled: {
      shards: () => [],
      placeOf: notAsked('placeOf'),
    },
    pushQueue: { componentEvent: notAsked('componentEvent'), message: notAsked('message'), releaseCheck: notAsked('releaseCheck') },
    sealedJobs: {
      sealComponentEvent: notAsked('sealComponentEvent'),
      openComponentEvent: notAsked('openComponentEvent'),
      sealReleaseCheckCode: notAsked('sealReleaseCheckCode'),
      openReleaseCheckCode: notAsked('openReleaseCheckCode'),
    },
    jobs: {
      platformEvent: method('jobs.platformEvent', () => 'accepted' as const),
      replay: method('jobs.replay', () => undefined),
      profileWanted: notAsked('profileWanted'),
      exchangeWanted: notAsked('exchangeWanted'),
      sync: method('jobs.sync', () => ({ jobId: 'job-1' })),
    },
    stats: {
      read: method('stats.read', (_subscription: string) => ({
        waiting: 0,
        oldestWaitingMs: null,
        inFlight: 0,
        deadLetters: 0,
        deadLettersByReason: {},
        delivered1h: 0,
        failed1h: 0,
        p50Ms: null,
        p95Ms: null,
        breaker: 'closed',
        failingSinceMs: undefined,
        lastSuccessAtMs: undefined,
        lastError: undefined,
      })),
    },
    statistics: {
      count: (what) => void fake.counted.push(what),
      refused: (code, address) => void fake.counted.push(`${code} ${address}`),
      handOver: notAsked('handOver'),
      read: method('statistics.read', (_asked: StatisticsAsked) => [{ at: '2026-01-01T00:00:00.000Z', ...SOME_SUMS }]),
      refusedPushes: method('statistics.refusedPushes', () => [
        { code: 'SIGNATURE_MISMATCH', count1h: 2, lastAt: '2026-01-01T00:00:00.000Z', lastAddress: '192.0.2.1' },
      ]),
    },
    unparsedPushes: { keep: notAsked('unparsedPushes.keep'), list: notAsked('unparsedPushes.list'), read: notAsked('unparsedPushes.read') },
    replies: {
      expect: notAsked('replies.expect'),
      offer: method('replies.offer', (eventId: string) => fake.replyOutcomes.get(eventId) ?? 'unknown'),
      givenEvent: notAsked('replies.givenEvent'),
    },
    syncStates: { save: notAsked('syncStates.save'), get: method('syncStates.get', (jobId: string) => fake.syncStates.get(jobId)) },
    apiBrakes: {
      check: method('apiBrakes.check', (subject: string, path: string) => fake.brakes.get(`${subject} ${path}`)),
      open: method('apiBrakes.open', (subject: string, path: string, answer: BrakedAnswer) => {
        fake.brakes.set(`${subject} ${path}`, { answer, isProbe: false })
      }),
      giveBack: method('apiBrakes.giveBack', (subject: string, path: string) => {
        const brake = fake.brakes.get(`${subject} ${path}`)
        if (brake) brake.isProbe = true
      }),
      lift: method('apiBrakes.lift', (subject: string, path?: string) => {
        for (const key of fake.brakes.keys()) if (key.startsWith(`${subject} ${path ?? ''}`)) fake.brakes.delete(key)
      }),
    },
    refusedPaths: {
      add: method('refusedPaths.add', ({ subject, path }: CalledPath, fresh?: Secret) => {
        fake.refusedPaths.add(`${subject} ${path} ${fresh?.reveal() ?? '*'}`)
      }),
      has: method('refusedPaths.has', ({ subject, path }: CalledPath, refused: Secret) =>
        ['*', refused.reveal()].some((token) => fake.refusedPaths.has(`${subject} ${path} ${token}`)),
      ),
    },
    quotaClearing: (appid) => {
      const body = Buffer.from(JSON.stringify({ component_appid: COMPONENT_APPID, appid, appsecret: SECRETS.componentSecret }))
      return { path: '/cgi-bin/component/clear_quota/v2', body, secret: new Secret(SECRETS.componentSecret) }
    },
  }
  const intake = { accept: method('intake.accept', (_push: Push, _within: TimeBound): PushOutcome => 'accepted') }
  return Object.assign(fake, { platform, intake, pushes })
}
