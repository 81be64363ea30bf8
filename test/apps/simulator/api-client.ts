// Owns: calling the simulator's API the way a platform does.
import type { Simulator } from '@wxgw/simulator'
import { got } from 'got'

export type Answer = Record<string, unknown>

export async function post(
  simulator: Simulator,
  path: string,
  json: unknown,
  query: Record<string, string> = {},
): Promise<Answer> {
  return got.post(`${simulator.url}${path}`, { json, searchParams: query, retry: { limit: 0 } }).json<Answer>()
}

export async function get(simulator: Simulator, path: string, query: Record<string, string> = {}): Promise<Answer> {
  return got.get(`${simulator.url}${path}`, { searchParams: query, retry: { limit: 0 } }).json<Answer>()
}

export function text(answer: unknown, ...path: string[]): string {
  let node: unknown = answer
  for (const name of path)
    node =
      typeof node === 'object' && node !== null ? Object.entries(node).find(([key]) => key === name)?.[1] : undefined
  return typeof node === 'string' ? node : ''
}

export async function componentToken(simulator: Simulator): Promise<string> {
  const { ticket } = await simulator.pushTicket()
  return text(await componentTokenFor(simulator, ticket), 'component_access_token')
}

export function componentTokenFor(simulator: Simulator, ticket: string): Promise<Answer> {
  const { appId, appSecret } = simulator.component
  return post(simulator, '/cgi-bin/component/api_component_token', {
    component_appid: appId,
    component_appsecret: appSecret,
    component_verify_ticket: ticket,
  })
}

/** A call with the component's token under its old name. */
export function componentCall(
  simulator: Simulator,
  token: string,
  api: string,
  body: Record<string, unknown> = {},
): Promise<Answer> {
  const json = { component_appid: simulator.component.appId, ...body }
  return post(simulator, `/cgi-bin/component/${api}`, json, { component_access_token: token })
}

export async function exchange(simulator: Simulator, token: string, code: string) {
  const answer = await componentCall(simulator, token, 'api_query_auth', { authorization_code: code })
  return {
    answer,
    accessToken: text(answer, 'authorization_info', 'authorizer_access_token'),
    refreshToken: text(answer, 'authorization_info', 'authorizer_refresh_token'),
  }
}

export async function refresh(simulator: Simulator, token: string, appId: string, refreshToken: string) {
  const answer = await componentCall(simulator, token, 'api_authorizer_token', {
    authorizer_appid: appId,
    authorizer_refresh_token: refreshToken,
  })
  return {
    answer,
    errcode: answer['errcode'],
    accessToken: text(answer, 'authorizer_access_token'),
    refreshToken: text(answer, 'authorizer_refresh_token'),
  }
}

/** The errcode of a business call made with this authorizer token; undefined or 0 = accepted. */
export async function errcodeWith(simulator: Simulator, accessToken: string): Promise<unknown> {
  const answer = await get(simulator, '/cgi-bin/ticket/getticket', { access_token: accessToken, type: 'jsapi' })
  return answer['errcode']
}
