// Owns: one of everything that tests of the ingress need: an account, a subscription, a replay, a recorded event, a session.
import type { GatewayEvent, Subscription } from '@wxgw/contracts'
import type { LoggedEvent, Replay, Session } from '@wxgw/platform'
import { parseAuthorizerAppId, type Authorizer, type AuthorizerAppId } from '@wxgw/wechat-core'
import { sampleSubscription } from '../../helpers/sample-subscription.ts'

export const NOW_MS = Date.UTC(2026, 0, 1)
export const APPID_A = appId('wxa000000000000001')
export const APPID_B = appId('wxb000000000000002')
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
  return sampleSubscription(name, { createdAtMs: NOW_MS, updatedAtMs: NOW_MS, ...overrides })
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
