// Owns: what one API is (path, method, whose token it wants) and the checks that WeChat makes before any of them runs.
import type { AuthorizationLedger } from '../ledger/authorization-ledger.ts'
import type { ComponentLedger } from '../ledger/component-ledger.ts'
import type { Settings } from '../settings.ts'
import type { Payload } from './multipart.ts'
import type { Quota } from './quota.ts'
import { Refusal } from './refusal.ts'

export type ApiRequest = {
  method: string
  query: Readonly<Record<string, unknown>>
  rawBody: string
  payload: Payload
  remoteAddress: string
}

/**
 * A call whose token and component were found right. `appId`: the token's owner, the component for its own and for
 * none.
 */
export type AdmittedCall = {
  appId: string
  query: Readonly<Record<string, unknown>>
  body: Readonly<Record<string, unknown>>
  /** The body as it came. */
  payload: Payload
}

/** An answer that is no JSON. */
export type FileAnswer = { bytes: Buffer; contentType: string; fileName: string | undefined }

export type Endpoint = {
  api: string
  path: string
  method: 'GET' | 'POST'
  token: 'none' | 'component' | 'authorizer' | 'either'
  /** Must the body name the component? */
  namesComponent: boolean
  /** Is its body a file instead of JSON? */
  takesFile?: true
  /** Throws a Refusal. */
  run(call: AdmittedCall): Record<string, unknown> | FileAnswer
}

export type AdmissionDeps = {
  settings: () => Settings
  component: ComponentLedger
  authorizations: AuthorizationLedger
  quota: Quota
}

/**
 * All checks, then the endpoint. The order is WeChat's as far as known: method, address, token, body, component, quota.
 */
export function callEndpoint(
  endpoint: Endpoint,
  request: ApiRequest,
  deps: AdmissionDeps,
): Record<string, unknown> | FileAnswer {
  if (request.method !== endpoint.method) throw new Refusal(endpoint.method === 'GET' ? 43001 : 43002)
  const { ipAllowed } = deps.settings()
  if (ipAllowed && !ipAllowed.includes(request.remoteAddress)) throw new Refusal(61004)
  const appId = endpoint.token === 'none' ? deps.settings().component.appId : ownerOfToken(endpoint, request, deps)
  const body = endpoint.method === 'GET' || endpoint.takesFile ? {} : parseBody(request.rawBody)
  if (endpoint.namesComponent) checkComponent(body, deps)
  deps.quota.use(endpoint.api, appId)
  return endpoint.run({ appId, query: request.query, body, payload: request.payload })
}

/** The JSON object in a body. Refuses with 44002, 47001. */
function parseBody(rawBody: string): Record<string, unknown> {
  if (rawBody.trim() === '') throw new Refusal(44002)
  const parsed = jsonObject(rawBody)
  if (!parsed) throw new Refusal(47001)
  return parsed
}

export function isFile(answer: Record<string, unknown> | FileAnswer): answer is FileAnswer {
  return Buffer.isBuffer(answer['bytes'])
}

export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isRecord(parsed) ? parsed : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The token of a call, by its new name or its old one. */
export function tokenOf(query: Readonly<Record<string, unknown>>): string {
  return textIn(query, 'access_token') || textIn(query, 'component_access_token')
}

/** A field's text; '' when it is missing or of another type. */
export function textIn(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

function ownerOfToken(endpoint: Endpoint, request: ApiRequest, deps: AdmissionDeps): string {
  const token = tokenOf(request.query)
  if (token === '') throw new Refusal(41001)
  const componentStanding = deps.component.standingOf(token)
  if (componentStanding !== 'unknown') {
    if (endpoint.token === 'authorizer') throw new Refusal(61015)
    refuseUnlessValid(componentStanding)
    return deps.settings().component.appId
  }
  const owner = deps.authorizations.ownerOfAccessToken(token)
  if (!owner) throw new Refusal(40001)
  if (endpoint.token === 'component') throw new Refusal(61014)
  refuseUnlessValid(owner.standing)
  return owner.appId
}

function refuseUnlessValid(standing: 'valid' | 'expired' | 'superseded' | 'unknown' | 'revoked') {
  switch (standing) {
    case 'valid':
      return
    case 'expired':
      throw new Refusal(42001)
    case 'revoked':
      throw new Refusal(61003)
    case 'superseded':
    case 'unknown':
      throw new Refusal(40001)
  }
}

function checkComponent(body: Readonly<Record<string, unknown>>, deps: AdmissionDeps) {
  const appId = textIn(body, 'component_appid')
  if (appId === '') throw new Refusal(41018)
  if (appId !== deps.settings().component.appId) throw new Refusal(40013)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
