// Owns: accounts in memory: how they authorize, what is known of them, their tokens.
import type {
  Authorization,
  AuthorizationUrlRequest,
  ClickOutcome,
  Session,
  SessionEnd,
  SyncState,
} from '@wxgw/platform'
import { type Authorizer, type AuthorizerAppId, type CurrentToken, GatewayError, Secret } from '@wxgw/wechat-core'
import { APPID_A, APPID_B, authorizer, NOW_MS, SECRETS } from '../samples.ts'
import type { Recorder } from './recorder.ts'

export type AccountState = {
  authorizers: Map<string, Authorizer>
  owners: Map<string, AuthorizerAppId>
  authorization: Authorization
  /** Codes that were exchanged before. */
  exchanged: Map<string, AuthorizerAppId>
  syncStates: Map<string, SyncState>
  sessions: Map<string, Session>
  clickOutcome: ClickOutcome
  /** Of a landing. */
  endKind: SessionEnd['kind']
  /** The current ones; a report of the current one makes `next` current, where there is one. */
  tokens: { account: string; component: string; next: string | undefined }
}

const token = (text: string): CurrentToken => ({
  token: new Secret(text),
  expiresAtMs: NOW_MS + 7_000_000,
  expiresInSeconds: 7000,
})

export function accountState(): AccountState {
  return {
    authorizers: new Map([APPID_A, APPID_B].map((appid) => [appid, authorizer(appid)])),
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
    tokens: { account: SECRETS.accessToken, component: SECRETS.componentToken, next: undefined },
  }
}

export function fakeAccounts(fake: Recorder & AccountState & { nextPosition: string | null }) {
  const { method } = fake
  return {
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
      refreshProfile: method('refreshProfile', (appid: AuthorizerAppId) => authorizer(appid)),
    },
    authorizers: {
      get: method('authorizers.get', (appid: AuthorizerAppId) => fake.authorizers.get(appid)),
      list: method('authorizers.list', ({ only }: { only?: readonly string[] | undefined }) => ({
        items: [...fake.authorizers.values()].filter(({ appid }) => only === undefined || only.includes(appid)),
        nextCursor: fake.nextPosition,
      })),
      history: method('authorizers.history', (_appid: AuthorizerAppId) => ({
        items: [],
        nextCursor: fake.nextPosition,
      })),
      cachedOwner: () => undefined,
      ownerOfUserName: method('ownerOfUserName', (userName: string) => fake.owners.get(userName)),
    },
    syncStates: { get: method('syncStates.get', (jobId: string) => fake.syncStates.get(jobId)) },
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
      cancel: method('sessions.cancel', (id: string) => {
        return fake.sessions.get(id)?.status === 'completed' ? ('completed' as const) : ('cancelled' as const)
      }),
    },
  }
}

export function fakeTokens(fake: Recorder & Pick<AccountState, 'authorizers' | 'tokens'>) {
  const { method } = fake
  const replaced = (kind: 'account' | 'component', refused: Secret): CurrentToken => {
    const { tokens } = fake
    if (tokens[kind] === refused.reveal()) tokens[kind] = tokens.next ?? tokens[kind]
    return token(tokens[kind])
  }
  const assertKnown = (appid: AuthorizerAppId) => {
    if (fake.authorizers.has(appid)) return
    throw new GatewayError('AUTHORIZER_NOT_FOUND', 'this account has never authorized the platform')
  }
  return {
    componentTokens: {
      get: method('componentTokens.get', () => token(fake.tokens.component)),
      peek: method('componentTokens.peek', () => token(fake.tokens.component)),
      reportInvalid: method('componentTokens.reportInvalid', (refused: Secret) => replaced('component', refused)),
    },
    authorizerTokens: {
      get: method('authorizerTokens.get', (appid: AuthorizerAppId, _options?: { force?: boolean }) => {
        assertKnown(appid)
        return token(fake.tokens.account)
      }),
      peek: method('authorizerTokens.peek', (appid: AuthorizerAppId) => {
        return fake.authorizers.has(appid) ? token(fake.tokens.account) : undefined
      }),
      reportInvalid: method('authorizerTokens.reportInvalid', (appid: AuthorizerAppId, refused: Secret) => {
        assertKnown(appid)
        return replaced('account', refused)
      }),
    },
    apiTickets: {
      get: method('apiTickets.get', () => token(SECRETS.ticket)),
      jsSdkConfig: method('jsSdkConfig', (appid: AuthorizerAppId, _url: string) => {
        return { appId: appid, timestamp: 1_767_225_600, nonceStr: 'nonce', signature: 'signature' }
      }),
    },
  }
}
