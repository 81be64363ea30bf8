// Owns: requests to the gateway's routes, typed by its OpenAPI document, with the session's cookie and CSRF token.
import createClient from 'openapi-fetch'
import { ApiError } from './api-error.ts'
import type { paths } from './schema.ts'

/** The parent of /console/, below any path of a proxy. */
export const ROOT = new URL('..', document.baseURI).href.replace(/\/$/, '')

let csrfToken = ''
let onExpired = () => {}

export function setSession(session: { csrfToken: string; onExpired: () => void }): void {
  csrfToken = session.csrfToken
  onExpired = session.onExpired
}

/** Fetches a path of the gateway. As fetch, it rejects only without an answer. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  return sendRequest(new Request(ROOT + path, init))
}

/** Calls an API of WeChat. A 401 of WeChat's own does not end the session. */
export async function sendCall(path: string, init: RequestInit): Promise<Response> {
  const response = await fetchWithSession(new Request(ROOT + path, init))
  if (response.status === 401 && response.headers.has('x-gateway-error')) onExpired()
  return response
}

async function sendRequest(request: Request): Promise<Response> {
  const response = await fetchWithSession(request)
  if (response.status === 401) onExpired()
  return response
}

function fetchWithSession(request: Request): Promise<Response> {
  request.headers.set('x-csrf-token', csrfToken)
  return fetch(request, { credentials: 'same-origin', cache: 'no-store' })
}

export const api = createClient<paths>({ baseUrl: ROOT, fetch: sendRequest })

/** The data of a 2xx answer. Rejects with an ApiError otherwise. */
export async function dataOf<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw new ApiError(response.status, error)
  // undefined for a route without a body, as its type says.
  return data as T
}
