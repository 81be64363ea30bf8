// Owns: making an admitted call: with the current token, once more with a new one when WeChat refuses that, and never
// again for any other reason. It knows nothing of HTTP towards the caller.
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

export type Made = { answer: Answer; token: Secret; attempts: number }

/** Refused before any effect. 42006 is about the component's token alone. */
const TOKEN_REFUSALS: Record<AdmittedCall['kind'], ReadonlySet<number>> = {
  account: new Set([40001, 40014, 42001]),
  component: new Set([40001, 40014, 42001, 42006]),
}

export type Outgoing = Pick<StreamedCall, 'method' | 'contentType'> & {
  body: RequestBody
  gone: StopSignal
  /** `peekToken`, begun before. */
  peeking: Promise<CurrentToken | undefined>
}

type Deps = { calls: StreamedCalls; log: Log }

/** Rejects as `access_token` does, with UnansweredCallError, and as the body's `begin`. */
export async function makeCall({ calls, log }: Deps, admitted: AdmittedCall, outgoing: Outgoing): Promise<Made> {
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
  const first: Made = { answer: await attempt(token, await body.begin()), token, attempts: 1 }
  if (!isTokenRefused(first.answer)) return first
  const replaced = await newToken(token)
  if (replaced === undefined) return first
  let second: Made | undefined
  try {
    second = await onceMore(replaced)
  } finally {
    // Whoever leaves, or is too large to be repeated, does not make us buy one token after the other either.
    if (second === undefined) await rememberRefusal(replaced)
    else if (isTokenRefused(second.answer)) await rememberRefusal()
  }
  return second ?? first

  async function onceMore(fresh: Secret): Promise<Made | undefined> {
    const bytes = await body.again()
    return bytes && { answer: await attempt(fresh, bytes), token: fresh, attempts: 2 }
  }

  async function rememberRefusal(fresh?: Secret): Promise<void> {
    const remembered = platform.refusedPaths.add(called, fresh)
    await remembered.catch((err: unknown) => log.debug({ err }, 'api.refusal_not_remembered'))
  }

  /** undefined when there is none: WeChat's answer then says all that can be said. */
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
 * Looks whether a token is there, without refreshing one: the call may still be refused. Rejects as `get`, if anybody
 * waits for it.
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
