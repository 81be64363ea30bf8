// Owns: the description of an API (path, method, token), and the checks that WeChat makes before each call.
import type { AuthorizationLedger } from '../ledger/authorization-ledger.ts'
import type { ComponentLedger, TokenState } from '../ledger/component-ledger.ts'
import type { Settings } from '../settings.ts'
import type { Payload } from './multipart.ts'
import type { Quota } from './quota.ts'
import { ApiError } from './api-error.ts'

export type ApiRequest = {
  method: string
  query: Readonly<Record<string, unknown>>
  rawBody: string
  payload: Payload
  remoteAddress: string
}

/** A call that passed the checks. `appId`: the token's owner; the component for its own token, and for none. */
export type AdmittedCall = {
  appId: string
  query: Readonly<Record<string, unknown>>
  body: Readonly<Record<string, unknown>>
  /** The body, not parsed. */
  payload: Payload
}

export type FileAnswer = { bytes: Buffer; contentType: string; fileName: string | undefined }

export type Endpoint = {
  api: string
  path: string
  method: 'GET' | 'POST'
  token: 'none' | 'component' | 'authorizer' | 'either'
  /** The body must name the component. */
  namesComponent: boolean
  /** The body is a file instead of JSON. */
  takesFile?: true
  /** Throws an ApiError. */
  run(call: AdmittedCall): Record<string, unknown> | FileAnswer
}

export type AdmissionDeps = {
  settings: () => Settings
  component: ComponentLedger
  authorizations: AuthorizationLedger
  quota: Quota
}

/** Runs the checks, then the endpoint. WeChat's order, as far as known: method, address, token, body, component, quota. */
export function callEndpoint(
  endpoint: Endpoint,
  request: ApiRequest,
  deps: AdmissionDeps,
): Record<string, unknown> | FileAnswer {
  if (request.method !== endpoint.method) throw new ApiError(endpoint.method === 'GET' ? 43001 : 43002)
  const { ipAllowed } = deps.settings()
  if (ipAllowed && !ipAllowed.includes(request.remoteAddress)) throw new ApiError(61004)
  const appId = endpoint.token === 'none' ? deps.settings().component.appId : ownerOfToken(endpoint, request, deps)
  const body = endpoint.method === 'GET' || endpoint.takesFile ? {} : parseBody(request.rawBody)
  if (endpoint.namesComponent) checkComponent(body, deps)
  deps.quota.use(endpoint.api, appId)
  return endpoint.run({ appId, query: request.query, body, payload: request.payload })
}

/** Refuses with 44002, 47001. */
function parseBody(rawBody: string): Record<string, unknown> {
  if (rawBody.trim() === '') throw new ApiError(44002)
  const parsed = jsonObject(rawBody)
  if (!parsed) throw new ApiError(47001)
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

/** The token, by either name of its parameter. */
export function tokenOf(query: Readonly<Record<string, unknown>>): string {
  return textIn(query, 'access_token') || textIn(query, 'component_access_token')
}

/** '' when the field is missing or not a string. */
export function textIn(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

function ownerOfToken(endpoint: Endpoint, request: ApiRequest, deps: AdmissionDeps): string {
  const token = tokenOf(request.query)
  if (token === '') throw new ApiError(41001)
  const componentState = deps.component.stateOf(token)
  if (componentState !== 'unknown') {
    if (endpoint.token === 'authorizer') throw new ApiError(61015)
    checkState(componentState)
    return deps.settings().component.appId
  }
  const owner = deps.authorizations.ownerOfAccessToken(token)
  if (!owner) throw new ApiError(40001)
  if (endpoint.token === 'component') throw new ApiError(61014)
  checkState(owner.state)
  return owner.appId
}

function checkState(state: TokenState | 'revoked') {
  switch (state) {
    case 'valid':
      return
    case 'expired':
      throw new ApiError(42001)
    case 'revoked':
      throw new ApiError(61003)
    case 'superseded':
    case 'unknown':
      throw new ApiError(40001)
  }
}

function checkComponent(body: Readonly<Record<string, unknown>>, deps: AdmissionDeps) {
  const appId = textIn(body, 'component_appid')
  if (appId === '') throw new ApiError(41018)
  if (appId !== deps.settings().component.appId) throw new ApiError(40013)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
