// Owns: making an admitted call with the current token, and repeating it once with a new token when WeChat refuses the
// first. No other reason leads to a repeat.
import type { Log } from '@wxgw/runtime'
import {
  COMPONENT_SUBJECT,
  type CurrentToken,
  type Secret,
  type StopSignal,
  type StreamedCall,
  type StreamedCalls,
} from '@wxgw/wechat-core'
import type { AdmittedCall, CallPlatform } from './admit-call.ts'
import { type Answer, callOnce } from './call-once.ts'
import { hasParameter, withToken } from './call-query.ts'
import type { RequestBody } from './request-body.ts'

type MadeCall = { answer: Answer; token: Secret; attempts: number }

/** WeChat refuses these before any effect. 42006 concerns the component's token only. */
const TOKEN_REFUSALS: Record<AdmittedCall['kind'], ReadonlySet<number>> = {
  account: new Set([40001, 40014, 42001]),
  component: new Set([40001, 40014, 42001, 42006]),
}

export type Outgoing = Pick<StreamedCall, 'method' | 'contentType'> & {
  body: RequestBody
  gone: StopSignal
  /** The pending `peekToken`. */
  peeking: Promise<CurrentToken | undefined>
}

type Deps = { calls: StreamedCalls; log: Log }

/** Rejects as the route `access_token`, as the body's `begin`, and with UnansweredCallError. */
export async function makeCall({ calls, log }: Deps, admitted: AdmittedCall, outgoing: Outgoing): Promise<MadeCall> {
  const { kind, platform, appId, url, api } = admitted
  const { method, contentType, body, gone, peeking } = outgoing
  const tokens = tokensOf(platform, appId)
  const called = { subject: tokens.subject, path: url.name, isKnown: api !== undefined }
  const attempt = (token: Secret, bytes: StreamedCall['body']) =>
    callOnce({
      calls,
      call: { method, path: pathWith(admitted, token), contentType, body: bytes },
      secret: token,
      gone,
    })
  const isTokenRefused = ({ errcode }: Answer) => errcode !== undefined && TOKEN_REFUSALS[kind].has(errcode)

  const { token } = (await peeking) ?? (await tokens.get())
  const first: MadeCall = { answer: await attempt(token, await body.begin()), token, attempts: 1 }
  if (!isTokenRefused(first.answer)) return first
  const replaced = await newToken(token)
  if (replaced === undefined) return first
  let second: MadeCall | undefined
  try {
    second = await repeatWith(replaced)
  } finally {
    // Also when the client disconnects or the body is too large to repeat: otherwise each such call would refresh the
    // token.
    if (second === undefined) await rememberRefusal(replaced)
    else if (isTokenRefused(second.answer)) await rememberRefusal()
  }
  return second ?? first

  async function repeatWith(fresh: Secret): Promise<MadeCall | undefined> {
    const bytes = await body.again()
    return bytes && { answer: await attempt(fresh, bytes), token: fresh, attempts: 2 }
  }

  async function rememberRefusal(fresh?: Secret): Promise<void> {
    const remembered = platform.refusedPaths.add(called, fresh)
    await remembered.catch((err: unknown) => log.debug({ err }, 'api.refusal_not_remembered'))
  }

  /** undefined when there is no other token; the caller then gets WeChat's refusal. */
  async function newToken(refused: Secret): Promise<Secret | undefined> {
    try {
      if (await platform.refusedPaths.has(called, refused)) return undefined
      const current = await tokens.reportInvalid(refused)
      return current.token.equals(refused) ? undefined : current.token
    } catch (err) {
      log.debug({ err, platform: platform.id, appid: appId }, 'api.token_not_replaced')
      return undefined
    }
  }
}

/**
 * Reads the stored token without a refresh, because the call may still be refused. Rejects as `get`; an unawaited
 * rejection is ignored.
 */
export function peekToken({ platform, appId }: AdmittedCall): Promise<CurrentToken | undefined> {
  const peeking = tokensOf(platform, appId).peek()
  peeking.catch(() => undefined)
  return peeking
}

type Tokens = {
  subject: string
  peek(): Promise<CurrentToken | undefined>
  get(): Promise<CurrentToken>
  reportInvalid(refused: Secret): Promise<CurrentToken>
}

function tokensOf({ authorizerTokens, componentTokens }: CallPlatform, appId: AdmittedCall['appId']): Tokens {
  if (appId === undefined) {
    return {
      subject: COMPONENT_SUBJECT,
      peek: () => componentTokens.peek(),
      get: () => componentTokens.get(),
      reportInvalid: (refused) => componentTokens.reportInvalid(refused),
    }
  }
  return {
    subject: appId,
    peek: () => authorizerTokens.peek(appId),
    get: () => authorizerTokens.get(appId),
    reportInvalid: (refused) => authorizerTokens.reportInvalid(appId, refused),
  }
}

function pathWith({ kind, url, query, api, platform }: AdmittedCall, token: Secret): string {
  const name = kind === 'account' ? 'access_token' : (api?.tokenParameter ?? 'component_access_token')
  const isMissing =
    kind === 'component' && api?.componentAppidInQuery === true && !hasParameter(query, 'component_appid')
  const rest = isMissing ? `${query}${query === '' ? '' : '&'}component_appid=${platform.componentAppId}` : query
  return `${url.path}?${withToken(rest, { name, token: token.reveal() })}`
}
