// Owns: calls of the gateway's routes: typed by its OpenAPI document, with the session's cookie and CSRF token.
import createClient from 'openapi-fetch'
import { Refusal } from './refusal.ts'
import type { paths } from './schema.ts'

/** Above /console/, whatever a proxy puts before it. */
export const ROOT = new URL('..', document.baseURI).href.replace(/\/$/, '')

let csrfToken = ''
let onExpired = () => {}

export function holdSession(session: { csrfToken: string; onExpired: () => void }): void {
  csrfToken = session.csrfToken
  onExpired = session.onExpired
}

/** As fetch, of a path of the gateway's. Rejects only when nobody answers. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  return sendRequest(new Request(ROOT + path, init))
}

/** Of a call of WeChat's API, whose answer passes as it is: a 401 of WeChat's says nothing about the session. */
export async function sendCall(path: string, init: RequestInit): Promise<Response> {
  const response = await proved(new Request(ROOT + path, init))
  if (response.status === 401 && response.headers.has('x-gateway-error')) onExpired()
  return response
}

async function sendRequest(request: Request): Promise<Response> {
  const response = await proved(request)
  if (response.status === 401) onExpired()
  return response
}

function proved(request: Request): Promise<Response> {
  request.headers.set('x-csrf-token', csrfToken)
  return fetch(request, { credentials: 'same-origin', cache: 'no-store' })
}

export const api = createClient<paths>({ baseUrl: ROOT, fetch: sendRequest })

/** What the gateway answered. Rejects with a Refusal otherwise. */
export async function answered<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw new Refusal(response.status, error)
  // Nothing where the route answers nothing, as its type says.
  return data as T
}
