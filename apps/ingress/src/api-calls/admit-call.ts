// Owns: the checks of a call that need neither Redis nor WeChat, in this order: caller, path, denied APIs, rights, kind
// of token. call-routes.ts goes on with brake, slots, size and the account's state.
import type { Api } from '@wxgw/catalogue'
import type { Platform } from '@wxgw/platform'
import type { CallerConfig } from '@wxgw/runtime'
import { type AuthorizerAppId, GatewayError, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { Callers } from '../auth/callers.ts'
import { forbidden } from '../auth/authenticate.ts'
import { isGranted, isGrantedForAll } from '../auth/grants.ts'
import { authorizerAppIdOf, platformOf } from '../platform-lookup.ts'
import { authenticateCall } from './call-authentication.ts'
import { withoutTokens, withoutValues } from './call-query.ts'
import { type CallUrl, readCallUrl, SLASHES_BEFORE } from './call-url.ts'
import { knownApi, NEVER_CALLED, SHOWS_TOKENS } from './known-apis.ts'
import type { StandIns } from './stand-ins.ts'
import { assertTokenKind, type TokenKind } from './wrong-token.ts'

type RequestedCall = {
  kind: TokenKind
  /** As received. */
  url: string
  authorizationHeaders: readonly string[]
  /** The caller of the console's session, when the call has neither key nor stand-in. */
  session: CallerConfig | undefined
  params: { platform: string; APPID?: string | undefined }
}

/** Results of the checks so far, also for a refused call. */
export type Findings = { caller?: CallerConfig; appId?: string; path?: string }

/** What the calls of WeChat's APIs need of a platform. */
export type CallPlatform = Pick<Platform, 'id' | 'componentAppId' | 'apiBrakes' | 'refusedPaths'> & {
  authorizerTokens: Pick<Platform['authorizerTokens'], 'get' | 'peek' | 'reportInvalid'>
  componentTokens: Pick<Platform['componentTokens'], 'get' | 'peek' | 'reportInvalid'>
  authorizers: Pick<Platform['authorizers'], 'get'>
}

export type AdmittedCall = {
  kind: TokenKind
  caller: CallerConfig
  platform: CallPlatform
  /** undefined for a call of the component. */
  appId: AuthorizerAppId | undefined
  url: CallUrl
  /** The query without anything that names a token. */
  query: string
  api: Api | undefined
  /** Whether the caller may see the token of the call. */
  mayReadToken: boolean
}

type Deps = { callers: Callers; standIns: StandIns; platforms: ReadonlyMap<string, CallPlatform> }

/**
 * Throws UNAUTHENTICATED, INVALID_REQUEST, API_NOT_ALLOWED, FORBIDDEN, PLATFORM_NOT_FOUND, WRONG_TOKEN_KIND, in this
 * order.
 */
export function admitCall(deps: Deps, requested: RequestedCall, findings: Findings): AdmittedCall {
  const { kind, params } = requested
  const { platform } = params
  const given = withoutTokens(afterMark(requested.url))
  const authenticated = authenticateCall(deps, {
    authorizationHeaders: requested.authorizationHeaders,
    accessTokens: given.accessTokens,
    place: params.APPID === undefined ? undefined : { platform, appId: params.APPID },
  })
  const caller = authenticated ?? requested.session
  if (caller === undefined) throw new GatewayError('UNAUTHENTICATED', 'a valid key or stand-in is needed')
  findings.caller = caller

  const url = readCallUrl(requested.url, SLASHES_BEFORE[kind])
  if (url === undefined) throw new GatewayError('INVALID_REQUEST', 'the path has a form that is never sent on')
  const appId = kind === 'account' ? parseAuthorizerAppId(params.APPID) : undefined
  if (kind === 'account' && appId === undefined)
    throw new GatewayError('INVALID_REQUEST', 'the path does not hold a valid appid')
  Object.assign(findings, { path: url.path, appId })

  const isOneOf = (apis: ReadonlySet<string>) => url.names.some((name) => apis.has(name))
  if (isOneOf(NEVER_CALLED)) {
    throw new GatewayError('API_NOT_ALLOWED', 'this API deals with credentials: it is never called through the gateway')
  }
  const isCovered = (action: 'tokens:read' | 'api:call' | 'component_api:call', api?: string) => {
    const need = { platform, action, api, authorizer: appId }
    return appId === undefined ? isGrantedForAll(caller, need) : isGranted(caller, need)
  }
  const mayReadToken = authenticated !== undefined && isCovered('tokens:read')
  const mayCall = isCovered(kind === 'account' ? 'api:call' : 'component_api:call', url.path)
  if (!mayCall || (isOneOf(SHOWS_TOKENS) && !mayReadToken)) throw forbidden()

  const found = platformOf(deps.platforms, { platform })
  if (appId !== undefined) authorizerAppIdOf(found, { APPID: appId })
  const api = knownApi(url.name)
  assertTokenKind(kind, api)
  // Any parameter may hold a key or a stand-in by mistake. WeChat must not get it.
  const query = withoutValues(given.rest, [caller.key.reveal(), ...given.accessTokens.filter((token) => token !== '')])
  return { kind, caller, platform: found, appId, url, query, api, mayReadToken }
}

/** Does not refuse a fragment: readCallUrl does. */
function afterMark(url: string): string {
  const mark = url.indexOf('?')
  return mark < 0 ? '' : url.slice(mark + 1)
}
